//! The search box of the pages that search, and what stands in for their parts until they arrive.

use lakefront_api::Signal;
use maud::{Markup, html};

use super::hidden;
use crate::{server::ExplorePart, view::View};

/// Renders the search box. A new search begins at the first row.
pub fn form(signal: Signal, view: &View) -> Markup {
    let kept = view.without(&["q", "before", "line"]);
    let example = match signal {
        Signal::Logs => "level:error \"connection refused\"",
        Signal::Traces => "status:>=500 duration:>1s",
    };
    html! {
        search {
            form method="get" data-search {
                (hidden(&kept))
                input
                    type="search" name="q" value=(view.param("q")) placeholder={ "Search, for example " (example) } aria-label="Search"
                    autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="4096" translate="no";
                button { "Search" }
            }
        }
        details.language {
            summary { "How to search" }
            dl translate="no" {
                div { dt { "timeout" } dd { "a whole word, whatever its case; " code { "time*" } ", " code { "*out" } " leave an end open" } }
                div { dt { "\"connection refused\"" } dd { "a phrase" } }
                div { dt { "service:web" } dd { "a field or attribute with this value; " code { "user:*" } " with any value" } }
                div { dt { "status:>=500 " code { "duration:>1s" } } dd { "a comparison; " code { "status:[400 TO 499]" } " a range" } }
                div { dt { "-a, a OR b, (a b)" } dd { "without, one of them, together" } }
            }
        }
    }
}

/// Renders the title of a part. Assistive technology reads the section's label instead.
pub fn head(id: &str, title: &str) -> Markup {
    html! { @if id != "row" { header { h2 { (title) } } } }
}

/// Renders a placeholder until a part arrives.
pub fn skeleton(part: ExplorePart) -> Markup {
    let (class, bars) = match part {
        ExplorePart::Histogram => ("upright", 12),
        ExplorePart::Rows => ("lying", 8),
        ExplorePart::Row => return html! {},
    };
    html! { div.skeleton.(class) role="status" aria-label="Loading" { @for _ in 0..bars { i {} } } }
}

/// Renders the links from a page about one value to the log lines with it.
pub fn related(links: &[(&str, String)]) -> Markup {
    html! {
        @if !links.is_empty() {
            p.related { @for (name, href) in links { a href=(href) { (name) } } }
        }
    }
}
