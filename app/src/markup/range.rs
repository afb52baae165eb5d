use maud::{Markup, html};

use super::hidden;
use crate::view::{RangeChoice, View};

/// Two local times of the zone.
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
