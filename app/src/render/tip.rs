//! The list of values at a moment of a chart.

use lakefront_chart::Moment;
use maud::{Markup, html};

/// Renders the values of a chart at the moment under the pointer.
pub fn tip(moment: &Moment) -> Markup {
    html! {
        strong { (moment.name) }
        ul {
            @for (class, name, value) in &moment.rows {
                li { i.(class) {} span { (name) } b { (value) } }
            }
        }
    }
}
