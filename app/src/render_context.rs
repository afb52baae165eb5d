//! The state of a page that the HTML of a panel depends on.

use lakefront_api::Page;

use crate::{
    page_index::{LinkTarget, PageIndex},
    view::View,
};

/// The state of a page that the HTML of a panel depends on.
pub struct RenderContext<'a> {
    /// The pages, which decide where the names in answers link to.
    pub pages: &'a PageIndex,
    /// The page that is shown.
    pub page: Page,
    /// The state from the page's URL.
    pub view: &'a View,
    /// The keys of the unfolded parts of the panel.
    pub open: &'a [String],
}

impl RenderContext<'_> {
    /// Returns where the values of a column link to, or `None` if they link nowhere.
    pub fn link_target(&self, column: &str) -> Option<LinkTarget> {
        self.pages.link_target(self.page, self.view, column)
    }

    /// Returns true if a foldable part is unfolded.
    pub fn is_open(&self, part: &str) -> bool {
        self.open.iter().any(|open| open == part)
    }
}
