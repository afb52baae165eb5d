//! The filters that each page offers, and which of them a query gets.

use lakefront_api::{Page, QueryInfo};
use lakefront_chart::ranked;

use super::PageIndex;
use crate::view::{View, key};

/// A filter of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The parameter's name.
    pub name: String,
    /// True if the page shows nothing without this filter.
    pub required: bool,
    /// The longest text, in bytes.
    pub max: u64,
    /// The query whose column of this name lists values to suggest.
    pub suggest: Option<String>,
}

impl PageIndex {
    /// Returns the filters that a page offers, required ones first.
    ///
    /// A column that has a page of its own is a filter only where it is required. The Operations page has no filters.
    pub fn filters(&self, page: Page) -> Vec<Filter> {
        let mut filters: Vec<Filter> = Vec::new();
        let params = self.queries(page).flat_map(|query| &query.params);
        for param in params.filter(|param| param.is_filter() && page != Page::Operations) {
            let at = filters.iter().position(|filter| filter.name == param.name);
            let at = at.unwrap_or_else(|| {
                filters.push(Filter {
                    name: param.name.clone(),
                    ..Filter::default()
                });
                filters.len() - 1
            });
            let filter = &mut filters[at];
            filter.required |= param.required();
            filter.max = filter.max.max(param.max);
            filter.suggest = filter.suggest.take().or_else(|| param.suggest.clone());
        }
        if page.signal().is_some() || page == Page::Metrics {
            let params = self.catalogue.iter().flat_map(|query| &query.params);
            let max = params.map(|param| param.max).max().unwrap_or_default();
            filters.extend(["service", "environment"].map(|name| Filter {
                name: name.into(),
                max,
                ..Filter::default()
            }));
        }
        filters.retain(|filter| filter.required || self.page_about(&filter.name).is_none());
        let order = ranked(filters.iter().map(|filter| f64::from(filter.required)));
        order.into_iter().map(|at| filters[at].clone()).collect()
    }

    /// Returns the part of a view that a query on a page uses: the filters that the page offers, and the query's own
    /// parameters.
    pub fn view_of_query(&self, query: &QueryInfo, page: Page, view: &View) -> View {
        let offered = self.filters(page);
        let takes = |name: &str| {
            let mut params = query.params.iter();
            params.any(|param| {
                key(query, param) == name
                    && (!param.is_filter() || offered.iter().any(|filter| filter.name == name))
            })
        };
        let mut view = view.clone();
        view.params.retain(|(name, _)| takes(name));
        view
    }

    /// Returns the part of a view that a link to a page keeps. Service and environment are always kept.
    pub(super) fn view_of_page(&self, page: Page, view: &View) -> View {
        let filters = self.filters(page);
        let own = |name: &str| {
            self.queries(page).any(|query| {
                let mut params = query.params.iter();
                params.any(|param| !param.is_filter() && key(query, param) == name)
            })
        };
        let mut view = view.clone();
        view.params.retain(|(name, _)| {
            ["service", "environment"].contains(&name.as_str())
                || filters.iter().any(|filter| filter.name == *name)
                || own(name)
        });
        view
    }
}
