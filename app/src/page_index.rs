//! The pages of the dashboard, as the catalogue of named queries defines them: the panels, filters and links of each.

mod filters;
mod links;
mod titles;

use std::{borrow::Cow, sync::Arc};

use lakefront_api::{Page, PanelPlace, QueryInfo};
use lakefront_chart::ranked;

#[cfg(feature = "ssr")]
pub use filters::SEARCHED;
pub use filters::{ActiveFilter, Filter};
pub use links::{LinkTarget, PLAIN};
pub use titles::{document_title, parent, title};

/// The catalogue of named queries, page by page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageIndex {
    catalogue: Arc<Cow<'static, [QueryInfo]>>,
    /// True if links stay below [`PLAIN`].
    plain: bool,
}

impl PageIndex {
    /// Creates the pages of a catalogue. `plain` keeps their links below [`PLAIN`].
    pub fn new(catalogue: Cow<'static, [QueryInfo]>, plain: bool) -> Self {
        Self {
            catalogue: Arc::new(catalogue),
            plain,
        }
    }

    /// Returns the queries that a page shows, in order of position.
    pub fn panels(&self, page: Page) -> Vec<(QueryInfo, PanelPlace)> {
        let panels = self.catalogue.iter();
        let panels: Vec<_> = panels
            .filter_map(|query| Some((query, *place(query, page)?)))
            .collect();
        let order = ranked(panels.iter().map(|(_, place)| -f64::from(place.position)));
        order
            .into_iter()
            .map(|at| (panels[at].0.clone(), panels[at].1))
            .collect()
    }

    fn queries(&self, page: Page) -> impl Iterator<Item = &QueryInfo> {
        self.catalogue
            .iter()
            .filter(move |query| place(query, page).is_some())
    }

    /// Returns the page about one value of a column, if there is one.
    pub fn page_about(&self, column: &str) -> Option<Page> {
        let is_about = |page: &Page| {
            let mut params = self.queries(*page).flat_map(|query| &query.params);
            params.any(|param| param.name == column && param.required() && param.is_filter())
        };
        Page::ALL.into_iter().find(is_about)
    }
}

/// Returns the place of a query's panel on a page.
fn place(query: &QueryInfo, page: Page) -> Option<&PanelPlace> {
    query.panels.iter().find(|place| place.page == page)
}

#[cfg(test)]
mod tests;
