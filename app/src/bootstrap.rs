//! The data that every page needs before its first query: the catalogue, the time zone and the theme.

use std::borrow::Cow;

use lakefront_api::{Page, QueryInfo};
use serde::{Deserialize, Serialize};

use crate::theme::Theme;

/// The zone of a page when neither the address, the cookie nor the browser names an existing one.
pub const UTC: &str = "UTC";

/// The data that every page needs before its first query. The server reads it from the request and sends it with the
/// page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The catalogue of named queries.
    #[serde(with = "crate::wire_catalogue")]
    pub catalogue: Cow<'static, [QueryInfo]>,
    /// The viewer's IANA time zone from the cookie of an earlier visit, or `UTC`.
    pub tz: String,
    /// The zone name in the cookie, if no zone has this name.
    pub unknown_tz: Option<String>,
    /// The zone name in the address, if no zone has this name.
    pub unknown_pinned_tz: Option<String>,
    /// The theme that the viewer chose.
    pub theme: Theme,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            catalogue: Cow::default(),
            tz: UTC.into(),
            unknown_tz: None,
            unknown_pinned_tz: None,
            theme: Theme::System,
        }
    }
}

impl Bootstrap {
    /// Returns true if the page has something to show. An empty catalogue has not arrived yet, so every page counts
    /// then.
    pub fn has_page(&self, page: Page) -> bool {
        let mut places = self.catalogue.iter().flat_map(|query| &query.panels);
        self.catalogue.is_empty()
            || matches!(page, Page::Operations | Page::Sql)
            || page.signal().is_some()
            || page == Page::Metrics
            || places.any(|place| place.page == page)
    }
}
