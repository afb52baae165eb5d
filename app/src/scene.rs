//! The state of a page as the markup of an answer needs it.

use lakefront_api::Page;

use crate::{
    site::{Lead, Site},
    view::View,
};

/// The state of a page as the markup of an answer needs it.
pub struct Scene<'a> {
    /// The pages and where the names in answers link to.
    pub site: &'a Site,
    /// The page that is shown.
    pub page: Page,
    /// The state from the page's URL.
    pub view: &'a View,
    /// The keys of the unfolded parts of the panel.
    pub open: &'a [String],
    /// The names of the panel's series that are switched off.
    pub off: &'a [String],
}

impl Scene<'_> {
    /// Returns where the values of a column link to, or `None` if they link nowhere.
    pub fn lead(&self, column: &str) -> Option<Lead> {
        self.site.lead(self.page, self.view, column)
    }

    /// Returns true if a foldable part is unfolded.
    pub fn is_open(&self, part: &str) -> bool {
        self.open.iter().any(|open| open == part)
    }
}
