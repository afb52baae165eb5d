//! The notice of an unknown time zone.

use maud::{Markup, html};

/// Renders the notice that no time zone has this name and that times are in UTC.
pub fn unknown_zone(name: &str) -> Markup {
    let shown: String = name.chars().take(64).collect();
    html! {
        "There is no time zone " b translate="no" { (shown) } ". Times are in UTC. A time zone has a name such as "
        b translate="no" { "Europe/Berlin" } "."
    }
}
