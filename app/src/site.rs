//! Decides which queries a page shows and where the names in an answer link to. Both come from the catalogue.

use std::sync::Arc;

use lakefront_api::{Page, PanelPlace, QueryInfo};
use lakefront_chart::ranked;

use crate::view::{View, key};

/// The path below which pages work without JavaScript.
pub const PLAIN: &str = "/plain";

/// The catalogue of named queries, page by page.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    catalogue: Arc<Vec<QueryInfo>>,
    /// True if links stay below [`PLAIN`].
    plain: bool,
}

impl Site {
    /// Creates the pages of a catalogue. `plain` keeps their links below [`PLAIN`].
    pub fn new(catalogue: Vec<QueryInfo>, plain: bool) -> Self {
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
        filters.retain(|filter| filter.required || self.about(&filter.name).is_none());
        let order = ranked(filters.iter().map(|filter| f64::from(filter.required)));
        order.into_iter().map(|at| filters[at].clone()).collect()
    }

    /// Returns the page about one value of a column, if there is one.
    fn about(&self, column: &str) -> Option<Page> {
        let is_about = |page: &Page| {
            let mut params = self.queries(*page).flat_map(|query| &query.params);
            params.any(|param| param.name == column && param.required() && param.is_filter())
        };
        Page::ALL.into_iter().find(is_about)
    }

    /// Returns the part of a view that a query on a page uses: the filters that the page offers, and the query's own
    /// parameters.
    pub fn seen_by(&self, query: &QueryInfo, page: Page, view: &View) -> View {
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

    /// Returns the address of a page, with the state that concerns it.
    pub fn page(&self, page: Page, view: &View) -> String {
        let href = self.kept(page, view).href();
        let query = if href == "?" { "" } else { &href };
        format!("{}{query}", self.path(page))
    }

    fn path(&self, page: Page) -> String {
        let base = if self.plain { PLAIN } else { "" };
        let slash = if self.plain && page.slug().is_empty() {
            ""
        } else {
            "/"
        };
        format!("{base}{slash}{}", page.slug())
    }

    /// Returns the part of a view that a link to a page keeps. Service and environment are always kept.
    fn kept(&self, page: Page, view: &View) -> View {
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

    /// Returns where values of a column on page `on` link to: to the page about one value, or to the same page filtered
    /// by it. `None` if the column is neither.
    pub fn lead(&self, on: Page, view: &View, column: &str) -> Option<Lead> {
        let (path, view) = match self.about(column) {
            Some(page) => (self.path(page), self.kept(page, view)),
            None => {
                let filters = self.filters(on);
                filters.iter().find(|filter| filter.name == column)?;
                (String::new(), view.clone())
            }
        };
        Some(Lead {
            path,
            current: view.param(column).to_owned(),
            view,
            column: column.to_owned(),
        })
    }
}

/// The link target of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    path: String,
    view: View,
    column: String,
    current: String,
}

impl Lead {
    /// Returns the address for a value. `None` for an empty value and for the value that the page shows already.
    pub fn to(&self, value: &str) -> Option<String> {
        if value.is_empty() || value == self.current {
            return None;
        }
        let view = self.view.with(vec![(self.column.clone(), value.to_owned())]);
        Some(self.path.clone() + &view.href())
    }
}

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

fn place(query: &QueryInfo, page: Page) -> Option<&PanelPlace> {
    query.panels.iter().find(|place| place.page == page)
}

/// Returns a page's name.
pub const fn title(page: Page) -> &'static str {
    match page {
        Page::Overview => "Overview",
        Page::Errors => "Errors",
        Page::Error => "Error",
        Page::User => "User",
        Page::Trace => "Trace",
        Page::Web => "Web",
        Page::Vitals => "Web vitals",
        Page::Api => "API",
        Page::Operations => "Operations",
    }
}

/// Returns the title of a page's browser tab.
pub fn document_title(page: Page) -> String {
    format!("{} · Lakefront", title(page))
}

/// Returns the page above a page about one value, or `None` for pages of the navigation.
pub const fn above(page: Page) -> Option<Page> {
    match page {
        Page::Error | Page::User => Some(Page::Errors),
        Page::Trace => Some(Page::Api),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site(plain: bool) -> Site {
        let query = |name: &str, params: serde_json::Value, panels: serde_json::Value| {
            serde_json::from_value(json!({
                "name": name, "title": "", "description": "", "bucket": "hour", "params": params, "order": "",
                "columns": [], "chart": { "kind": "table" }, "panels": panels
            }))
            .unwrap()
        };
        let service =
            json!({ "name": "service", "kind": "text", "default": "", "max": 256, "description": "" });
        let user =
            json!({ "name": "user_id", "kind": "text", "default": null, "max": 64, "description": "" });
        let page = json!({ "name": "page", "kind": "text", "default": "", "max": 64, "suggest": "pages", "description": "" });
        let group = json!({ "name": "error_group", "kind": "text", "default": "", "max": 64, "suggest": "g", "description": "" });
        let required =
            json!({ "name": "error_group", "kind": "text", "default": null, "max": 64, "description": "" });
        let limit = json!({ "name": "limit", "kind": "integer", "default": 5, "max": 64, "description": "" });
        Site::new(
            vec![
                query(
                    "late",
                    json!([service]),
                    json!([{ "page": "web", "position": 2 }]),
                ),
                query(
                    "pages",
                    json!([page, service]),
                    json!([{ "page": "web", "position": 1, "wide": true }]),
                ),
                query(
                    "one",
                    json!([service, user]),
                    json!([{ "page": "user", "position": 1 }]),
                ),
                query(
                    "some",
                    json!([service, group]),
                    json!([{ "page": "errors", "position": 1 }, { "page": "error", "position": 2 }]),
                ),
                query(
                    "of",
                    json!([required, limit]),
                    json!([{ "page": "error", "position": 1 }]),
                ),
                query(
                    "router",
                    json!([service]),
                    json!([{ "page": "operations", "position": 1 }]),
                ),
                query("hidden", json!([]), json!([])),
            ],
            plain,
        )
    }

    #[test]
    fn a_page_shows_its_queries_in_order() {
        let panels = site(false).panels(Page::Web);
        let names: Vec<_> = panels
            .iter()
            .map(|(query, place)| (query.name.as_str(), place.wide))
            .collect();
        assert_eq!(names, [("pages", true), ("late", false)]);
        assert!(site(false).panels(Page::Api).is_empty());
    }

    #[test]
    fn the_filters_of_a_page_are_those_of_its_queries() {
        let names = |page| -> Vec<_> {
            let filters = site(false).filters(page);
            filters
                .into_iter()
                .map(|filter| (filter.name, filter.required))
                .collect()
        };
        assert_eq!(
            names(Page::Web),
            [("service".into(), false), ("page".into(), false)]
        );
        assert_eq!(
            names(Page::User),
            [("user_id".into(), true), ("service".into(), false)]
        );
    }

    #[test]
    fn values_lead_to_the_page_about_them_or_filter_this_one() {
        let view = View::default().with(vec![
            ("range".into(), "24h".into()),
            ("page".into(), "/cart".into()),
        ]);
        let link = |on, column, value| site(false).lead(on, &view, column)?.to(value);
        assert_eq!(
            link(Page::Web, "user_id", "u 1").unwrap(),
            "/user?range=24h&user_id=u%201"
        );
        assert_eq!(
            link(Page::Web, "service", "web").unwrap(),
            "?range=24h&page=%2Fcart&service=web"
        );
        assert_eq!(link(Page::Web, "page", "/cart"), None);
        assert_eq!(link(Page::Web, "message", "boom"), None);
        assert_eq!(link(Page::Web, "user_id", ""), None);
    }

    #[test]
    fn what_has_a_page_of_its_own_is_no_filter_of_others() {
        let site = site(false);
        let view = View::default().with(vec![
            ("error_group".into(), "v1:a".into()),
            ("of.limit".into(), "9".into()),
            ("service".into(), "web".into()),
        ]);
        let seen = |page: Page, name: &str| {
            let panels = site.panels(page);
            let (query, _) = panels.iter().find(|(query, _)| query.name == name).unwrap();
            site.seen_by(query, page, &view).href()
        };
        assert_eq!(seen(Page::Errors, "some"), "?service=web");
        assert_eq!(seen(Page::Error, "some"), "?error_group=v1%3Aa&service=web");
        assert_eq!(seen(Page::Error, "of"), "?error_group=v1%3Aa&of.limit=9");
        assert_eq!(seen(Page::Operations, "router"), "?");
        assert_eq!(site.page(Page::Errors, &view), "/errors?service=web");
        assert_eq!(site.page(Page::Operations, &view), "/operations?service=web");
    }

    #[test]
    fn plain_pages_lead_to_plain_pages() {
        let view = View::default();
        assert_eq!(site(true).page(Page::Overview, &view), "/plain");
        assert_eq!(site(true).page(Page::Web, &view), "/plain/web");
        assert_eq!(site(false).page(Page::Overview, &view), "/");
    }
}
