//! The addresses of pages, and where the values of a column link to.

use lakefront_api::Page;
#[cfg(feature = "ssr")]
use lakefront_api::{QueryInfo, Signal};

use super::PageIndex;
use crate::view::View;
#[cfg(feature = "ssr")]
use crate::view::key;

/// The parameters of queries that a search has as fields. Those that the pages which search have as filters are kept as filters.
#[cfg(feature = "ssr")]
const FIELDS: [(&str, &str); 3] = [
    ("error_group", "error.group"),
    ("event_name", "event"),
    ("operation", "name"),
];

/// The path below which pages work without JavaScript.
pub const PLAIN: &str = "/plain";

impl PageIndex {
    /// Returns the address of a page, with the state that concerns it.
    pub fn href(&self, page: Page, view: &View) -> String {
        let href = self.view_of_page(page, view).href();
        let query = if href == "?" { "" } else { &href };
        format!("{}{query}", self.path(page))
    }

    /// Returns the address of the same view of a page without the app.
    pub fn plain_href(&self, page: Page, view: &View) -> String {
        let path = format!("{PLAIN}/{}", page.slug());
        path.trim_end_matches('/').to_owned() + &view.href()
    }

    /// Returns the address of a page that searches, with a text and the state that concerns the page.
    pub fn search(&self, page: Page, view: &View, text: &str) -> String {
        let view = self
            .view_of_page(page, view)
            .with(vec![("q".into(), text.to_owned())]);
        self.path(page) + &view.href()
    }

    /// Returns true if links stay below [`PLAIN`].
    pub fn is_plain(&self) -> bool {
        self.plain
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

    /// Returns the address of a page that searches, for the rows whose field has a value.
    pub fn search_value(&self, page: Page, view: &View, field: &str, value: &str) -> String {
        self.search(page, view, &condition(field, value))
    }

    /// Returns the address of the page that lists the records of a signal which a query counts. `view` has the query's
    /// parameters. `None` if the query counts no records of the signal.
    #[cfg(feature = "ssr")]
    pub fn rows(&self, query: &QueryInfo, signal: Signal, view: &View) -> Option<String> {
        let (_, search) = query.row_searches().find(|(of, _)| *of == signal)?;
        let mut text = search.to_owned();
        let mut view = view.clone();
        for param in &query.params {
            let value = view.param(&key(query, param));
            let field = FIELDS.iter().find(|(name, _)| *name == param.name);
            if let Some((_, field)) = field.filter(|_| !value.is_empty()) {
                text = format!("{text} {}", condition(field, value));
            }
        }
        view.params.retain(|(name, _)| {
            query
                .params
                .iter()
                .any(|param| param.is_filter() && param.name == *name)
        });
        let page = Page::of_slug(signal.name())?;
        Some(self.search(page, &view, text.trim()))
    }

    /// Returns where values of a column on page `on` link to: to the page about one value, or to the same page filtered
    /// by it. `None` if the column is neither.
    pub fn link_target(&self, on: Page, view: &View, column: &str) -> Option<LinkTarget> {
        let mut searched = None;
        // Both ends of a call are services.
        let column = if matches!(column, "caller" | "callee") {
            "service"
        } else {
            column
        };
        let (path, view) = match self.page_about(column) {
            None if column == "operation" => {
                searched = Some("name");
                (self.path(Page::Traces), self.view_of_page(Page::Traces, view))
            }
            Some(page) => (self.path(page), self.view_of_page(page, view)),
            None => {
                let filters = self.filters(on);
                filters.iter().find(|filter| filter.name == column)?;
                (String::new(), view.clone())
            }
        };
        Some(LinkTarget {
            path,
            current: view.param(column).to_owned(),
            view,
            column: column.to_owned(),
            searched,
        })
    }
}

/// The link target of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    path: String,
    view: View,
    column: String,
    current: String,
    /// The field whose rows the address searches for, in place of a filter.
    searched: Option<&'static str>,
}

/// Returns the search for the rows whose field has a value.
fn condition(field: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{field}:\"{value}\"")
}

impl LinkTarget {
    /// Returns the address for a value. `None` for an empty value and for the value that the page shows already.
    pub fn href(&self, value: &str) -> Option<String> {
        if value.is_empty() || value == self.current {
            return None;
        }
        let param = match self.searched {
            Some(field) => ("q".into(), condition(field, value)),
            None => (self.column.clone(), value.to_owned()),
        };
        let view = self.view.with(vec![param]);
        Some(self.path.clone() + &view.href())
    }
}
