//! The list of the values at one time of a chart.

use lakefront_chart::BucketValues;
use maud::{Markup, html};

/// Renders the values of a chart at the time under the pointer.
pub fn tip(values: &BucketValues) -> Markup {
    html! {
        strong { (values.name) }
        ul {
            @for (class, name, value) in &values.rows {
                li { i.(class) {} span { (name) } b { (value) } }
            }
        }
    }
}
