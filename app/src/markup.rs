//! What answers look like, as HTML: pure functions, the same on the server and in the browser.
//!
//! These are templates and not components because nothing in them reacts: a component costs the browser's bundle
//! some kilobytes, a template some hundred bytes.

pub mod badge;
pub mod failure;
pub mod figure;
pub mod filters;
pub mod funnel;
pub mod guide;
pub mod health;
pub mod how;
pub mod panel;
pub mod params;
pub mod part;
pub mod range;
pub mod refresh;
pub mod table;
pub mod theme;
pub mod tip;
pub mod totals;
pub mod vitals;
pub mod waterfall;

use lakefront_api::Page;
use maud::{Markup, html};

use crate::view::View;

/// Our name and mark.
pub fn brand() -> Markup {
    html! {
        a.brand href="/" translate="no" {
            svg viewBox="0 0 32 32" aria-hidden="true" {
                rect width="32" height="32" rx="8" {}
                path d="M5 13c4-4 7-4 11 0s7 4 11 0M5 20c4-4 7-4 11 0s7 4 11 0" {}
            }
            "Lakefront"
        }
    }
}

/// A page's name, after that of the page above it.
pub fn heading(parent: Option<(String, &str)>, name: &str) -> Markup {
    html! {
        @if let Some((href, parent)) = parent { a href=(href) { (parent) } " / " }
        (name)
    }
}

/// What stands beside a page's name.
fn icon(page: Page) -> Markup {
    let path = match page {
        Page::Overview => "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
        Page::Errors => "M12 4l9 16H3zM12 10v4M12 17v.5",
        Page::Web => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
        Page::Vitals => "M4 16a8 8 0 1 1 16 0M12 16l4-6",
        Page::Api => "M4 7h12M16 7l-3-3M16 7l-3 3M20 17H8M8 17l3-3M8 17l3 3",
        Page::Operations => "M4 5h16v5H4zM4 14h16v5H4zM7 7.5v.1M7 16.5v.1",
        _ => "",
    };
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} } }
}

/// A page's name beside its icon.
pub fn page_name(page: Page, name: &str) -> Markup {
    html! { i { (icon(page)) } (name) }
}

/// A text of the page.
///
/// A text that a component shows goes through here, as HTML. A component walks over the page that the server rendered and gives up where it
/// finds anything else than it expects. A browser that translates a page replaces texts by elements, so that nothing but elements may be
/// expected.
pub fn text(text: &str) -> String {
    html! { (text) }.into_string()
}

/// The sign for asking again.
pub fn again() -> Markup {
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d="M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5" {} } }
}

/// The state that a form leaves as it is, for browsers without JavaScript.
fn hidden(view: &View) -> Markup {
    html! {
        @for (name, value) in view.pairs() {
            input type="hidden" name=(name) value=(value);
        }
    }
}
