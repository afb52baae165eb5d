//! What answers look like, as HTML: pure functions, the same on the server and in the browser.
//!
//! These are templates and not components because nothing in them reacts: a component costs the browser's bundle
//! some kilobytes, a template some hundred bytes.

pub mod badge;
pub mod failure;
pub mod figure;
pub mod filters;
pub mod guide;
pub mod health;
pub mod panel;
pub mod params;
pub mod range;
pub mod table;
pub mod theme;

use maud::{Markup, html};

use crate::view::View;

/// Our name and mark.
pub fn brand() -> Markup {
    html! {
        a.brand href="/" {
            svg viewBox="0 0 32 32" aria-hidden="true" {
                rect width="32" height="32" rx="8" {}
                path d="M5 13c4-4 7-4 11 0s7 4 11 0M5 20c4-4 7-4 11 0s7 4 11 0" {}
            }
            "Lakefront"
        }
    }
}

/// The state that a form leaves as it is, for browsers without JavaScript.
fn hidden(view: &View) -> Markup {
    html! {
        @for (name, value) in view.pairs() {
            input type="hidden" name=(name) value=(value);
        }
    }
}
