//! The names of the pages, and which page is below which.

use lakefront_api::Page;

/// Returns a page's name.
pub const fn title(page: Page) -> &'static str {
    match page {
        Page::Overview => "Overview",
        Page::Errors => "Errors",
        Page::Error => "Error",
        Page::User => "User",
        Page::Services => "Services",
        Page::Logs => "Logs",
        Page::Traces => "Traces",
        Page::Trace => "Trace",
        Page::Metrics => "Metrics",
        Page::Web => "Web",
        Page::Visitors => "Visitors",
        Page::Event => "Event",
        Page::Visitor => "Visitor",
        Page::Vitals => "Web vitals",
        Page::Api => "API",
        Page::Sql => "SQL",
        Page::Usage => "Usage",
        Page::Operations => "Operations",
    }
}

/// Returns the title of a page's browser tab.
pub fn document_title(page: Page) -> String {
    format!("{} · Lakefront", title(page))
}

/// Returns the parent of a page about one value, or `None` for pages of the navigation.
pub const fn parent(page: Page) -> Option<Page> {
    match page {
        Page::Error | Page::User => Some(Page::Errors),
        Page::Trace => Some(Page::Traces),
        Page::Event | Page::Visitor => Some(Page::Visitors),
        _ => None,
    }
}
