use lakefront_api::Page;

use crate::{
    site::{Lead, Site},
    view::View,
};

/// What the markup of an answer has to know of the page around it.
pub struct Scene<'a> {
    /// Where names lead.
    pub site: &'a Site,
    /// The page.
    pub page: Page,
    /// Its state.
    pub view: &'a View,
    /// Which folded parts of the panel are open.
    pub open: &'a [String],
    /// Which series of the panel are switched off.
    pub off: &'a [String],
}

impl Scene<'_> {
    /// Where values of a column lead.
    pub fn lead(&self, column: &str) -> Option<Lead> {
        self.site.lead(self.page, self.view, column)
    }

    /// Whether a folded part is open.
    pub fn is_open(&self, part: &str) -> bool {
        self.open.iter().any(|open| open == part)
    }
}
