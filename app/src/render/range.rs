//! The form of a custom range, and the notice of an unknown zone.

use maud::{Markup, html};

use super::hidden;
use crate::view::{RangeChoice, View, local_time};

/// Renders the notice that no time zone has this name and that times are in UTC.
pub fn unknown_zone(name: &str) -> Markup {
    let shown: String = name.chars().take(64).collect();
    html! {
        "There is no time zone " b translate="no" { (shown) } ". Times are in UTC. A time zone has a name such as "
        b translate="no" { "Europe/Berlin" } "."
    }
}

/// Renders the notice that a text of the address is no range.
pub fn unknown_range(text: &str) -> Markup {
    let shown: String = text.chars().take(64).collect();
    html! {
        b translate="no" { (shown) } " is no range. The page shows the last 7 days. A range is a number with "
        b translate="no" { "m" } ", " b translate="no" { "h" } ", " b translate="no" { "d" } " or " b translate="no" { "w" }
        ", such as " a href="?range=24h" { "24h" } "."
    }
}

/// Renders the form of a custom range: two local times in a zone.
pub fn form(view: &View, zone: &str) -> Markup {
    let (from, to) = match &view.range {
        RangeChoice::Between { from, to } => (from.as_str(), to.as_str()),
        RangeChoice::Preset(_) => ("", ""),
    };
    let kept = View {
        range: RangeChoice::default(),
        tz: Some(zone.to_owned()),
        ..view.clone()
    };
    html! {
        form method="get" {
            (hidden(&kept))
            label { "From" input type="datetime-local" name="from" required value=(from); }
            label { "To" input type="datetime-local" name="to" required value=(to); }
            button { "Apply" }
        }
    }
}

/// Renders which state of the lake is shown: the newest one, or that of a time.
pub fn state(at: Option<&str>) -> Markup {
    html! {
        @match at {
            None => "As of now",
            Some(at) => { "As of " (local_time(at)) }
        }
    }
}

/// Renders the form that chooses a past state of the lake, by a full hour.
pub fn past_form(view: &View, zone: &str) -> Markup {
    let now = View {
        at: None,
        ..view.clone()
    };
    let kept = View {
        tz: Some(zone.to_owned()),
        ..now.clone()
    };
    html! {
        form method="get" {
            (hidden(&kept))
            label {
                "As of"
                input type="datetime-local" name="at" step="3600" required value=[view.at.as_deref()];
            }
            p { "The lake keeps its state at each full hour of the last week. Every panel then shows what was known at that time." }
            button { "Apply" }
            @if view.at.is_some() { a href=(now.href()) data-noscroll { "Back to now" } }
        }
    }
}
