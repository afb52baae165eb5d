//! The search box of the pages that search, and what stands in for their parts until they arrive.

use lakefront_api::Signal;
use maud::{Markup, html};

use super::hidden;
use crate::{
    server::{ExplorePart, Shown},
    view::View,
};

/// Renders the search box. A new search begins at the first row.
pub fn form(signal: Signal, view: &View) -> Markup {
    let kept = view.without(&["q", "before", "line", "mode"]);
    let example = match signal {
        Signal::Logs => "level:error \"connection refused\"",
        Signal::Traces => "status:>=500 duration:>1s",
    };
    html! {
        search {
            form method="get" data-search {
                input
                    type="search" name="q" value=(view.param("q")) placeholder={ "Search, for example " (example) } aria-label="Search"
                    autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="4096" translate="no";
                select name="mode" aria-label="Language" {
                    option value="" { "Words" }
                    option value="sql" selected[view.param("mode") == "sql"] { "SQL" }
                }
                button { "Search" }
                (hidden(&kept))
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
                div { dt { "Duration > 1e9" } dd { "as SQL: a condition of ClickHouse" } }
            }
        }
    }
}

/// Renders the title of a part. The list has links to the other ways of showing what was found. Assistive technology reads
/// the detail's label instead.
pub fn head(part: ExplorePart, signal: Signal, view: &View) -> Markup {
    match part {
        ExplorePart::Histogram => html! { header { h2 { (part.words(signal).1) } } },
        ExplorePart::Rows => tabs(signal, view),
        ExplorePart::Row => html! {},
    }
}

fn tabs(signal: Signal, view: &View) -> Markup {
    let current = Shown::of(view, signal);
    let own = match signal {
        Signal::Logs => Shown::Patterns,
        Signal::Traces => Shown::Durations,
    };
    let listed = [Shown::Rows, own, Shown::Fields];
    let link = |shown: Shown| {
        let params = [("show", shown.words(signal).0), ("before", ""), ("line", "")];
        let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
        view.with(params.to_vec()).href()
    };
    html! {
        header.title {
            h2 { (current.words(signal).2) }
            nav.segmented aria-label="What is shown" {
                @for shown in listed {
                    a href=(link(shown)) data-noscroll aria-current=[(shown == current).then_some("true")] { (shown.words(signal).1) }
                }
            }
        }
    }
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
