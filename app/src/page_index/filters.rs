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

/// A filter that the address of a page has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveFilter {
    /// The parameter's name.
    pub name: String,
    /// The value of the parameter.
    pub value: String,
    /// True if the page applies the filter. Another page may.
    pub applies: bool,
}

/// The filters of the pages that search, each with its column. The first two are filters of every query.
pub const SEARCHED: [(&str, &str); 6] = [
    ("service", "ServiceName"),
    ("environment", "Environment"),
    ("page", "PageRoute"),
    ("route", "HttpRoute"),
    ("country", "Country"),
    ("device", "DeviceType"),
];

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
            let taken = if page == Page::Metrics { 2 } else { SEARCHED.len() };
            filters.extend(SEARCHED.iter().take(taken).map(|(name, _)| Filter {
                name: (*name).into(),
                max,
                ..Filter::default()
            }));
        }
        filters.retain(|filter| filter.required || self.page_about(&filter.name).is_none());
        let order = ranked(filters.iter().map(|filter| f64::from(filter.required)));
        order.into_iter().map(|at| filters[at].clone()).collect()
    }

    /// Returns the filters of a page's address that can be removed. A value that has a page of its own is none.
    pub fn active(&self, page: Page, view: &View) -> Vec<ActiveFilter> {
        let offered = self.filters(page);
        let params = view.params.iter().filter(|(name, _)| self.is_filter(name));
        params
            .map(|(name, value)| ActiveFilter {
                name: name.clone(),
                value: value.clone(),
                applies: offered.iter().any(|filter| filter.name == *name),
            })
            .collect()
    }

    /// Returns the names of the filters that a page applies, but not to this query, which lacks the parameter.
    pub fn not_applied(&self, query: &QueryInfo, page: Page, view: &View) -> Vec<String> {
        let takes = |name: &str| query.params.iter().any(|param| param.name == name);
        let active = self.active(page, view).into_iter();
        active
            .filter(|filter| filter.applies && !takes(&filter.name))
            .map(|filter| filter.name)
            .collect()
    }

    /// Returns true if a parameter of the address is a filter of some page.
    fn is_filter(&self, name: &str) -> bool {
        // A query without a panel is one of a page that has code of its own, such as Metrics.
        let shown = self.catalogue.iter().filter(|query| !query.panels.is_empty());
        let mut params = shown.flat_map(|query| &query.params);
        params.any(|param| param.name == name && param.is_filter()) && self.page_about(name).is_none()
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

    /// Returns the part of a view that a link to a page keeps. Filters are kept, also those that the page cannot apply.
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
            self.is_filter(name) || filters.iter().any(|filter| filter.name == *name) || own(name)
        });
        view
    }
}
