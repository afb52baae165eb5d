use lakefront_chart::Moment;
use maud::{Markup, html};

/// What a chart says of the moment that is pointed at.
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
