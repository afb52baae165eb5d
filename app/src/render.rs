//! Renders answers as HTML. The functions are pure and give the same HTML on the server and in the browser.
//!
//! These are templates and not components, because nothing in them reacts to signals. A component adds kilobytes to the
//! browser's bundle, a template about a hundred bytes.

pub mod badge;
pub mod explore;
pub mod facts;
pub mod failure;
pub mod figure;
pub mod filters;
pub mod guide;
pub mod health;
pub mod metrics;
pub mod panel;
pub mod params;
pub mod provenance;
pub mod record;
pub mod refresh;
pub mod subsystem;
pub mod table;
pub mod theme;
pub mod tip;
pub mod vitals;
pub mod zone;

use lakefront_api::Page;
use maud::{Markup, html};

use crate::view::View;

/// Renders the name and the logo of Lakefront.
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

/// Renders a page's name, after a link to the page above it if there is one.
pub fn heading(parent: Option<(String, &str)>, name: &str) -> Markup {
    html! {
        @if let Some((href, parent)) = parent { a href=(href) { (parent) } " / " }
        (name)
    }
}

/// Returns the icon of a page for the navigation.
fn icon(page: Page) -> Markup {
    let path = match page {
        Page::Overview => "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
        Page::Errors => "M12 4l9 16H3zM12 10v4M12 17v.5",
        Page::Web => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
        Page::Services => "M3 9h5v6H3zM16 4h5v6h-5zM16 14h5v6h-5zM8 12l8-5M8 12l8 5",
        Page::Logs => "M4 6h16M4 12h10M4 18h13",
        Page::Traces => "M4 6h9M8 12h10M13 18h7",
        Page::Metrics => "M4 19h16M5 15l4-5 4 3 6-8",
        Page::Visitors => {
            "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M3 19c0-6 10-6 10 0M16 11a2.5 2.5 0 1 0 0-5M16 14c3 0 5 2 5 5"
        }
        Page::Vitals => "M4 16a8 8 0 1 1 16 0M12 16l4-6",
        Page::Api => "M4 7h12M16 7l-3-3M16 7l-3 3M20 17H8M8 17l3-3M8 17l3 3",
        Page::Sql => "M4 6l6 6-6 6M12 18h8",
        Page::Usage => "M4 19h16M7 19v-6M12 19V6M17 19v-9",
        Page::Operations => "M4 5h16v5H4zM4 14h16v5H4zM7 7.5v.1M7 16.5v.1",
        _ => "",
    };
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} } }
}

/// Renders a page's name beside its icon.
pub fn page_name(page: Page, name: &str) -> Markup {
    html! { i { (icon(page)) } (name) }
}

/// Returns a text as HTML.
///
/// Every text that a component shows is inserted as HTML. During hydration a component walks over the server's page and
/// panics if a node differs from its own. A browser that translates a page replaces text nodes by elements. Inserted
/// HTML is not walked over, so that only elements are expected.
pub fn text(text: &str) -> String {
    html! { (text) }.into_string()
}

/// Renders the icon of the refresh link.
pub fn refresh_icon() -> Markup {
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d="M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5" {} } }
}

/// Renders the state that a form does not change as hidden fields, for browsers without JavaScript.
///
/// They come last in their form. An answer may add one or remove one. [`browser::update`](crate::browser::update) pairs the
/// fields of a form by their places, so that a field after it would be drawn anew, without what the viewer has typed.
pub fn hidden(view: &View) -> Markup {
    html! {
        @for (name, value) in view.pairs() {
            input type="hidden" name=(name) value=(value);
        }
    }
}
