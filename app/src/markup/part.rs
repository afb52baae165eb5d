use maud::{Markup, html};

use crate::server::Part;

/// Title, and what the panel tells.
pub fn head(part: Part) -> Markup {
    let (id, title, description) = part.words();
    html! { header { h2 id={ (id) "-title" } { (title) } p { (description) } } }
}

/// Holds the place of an answer.
pub fn skeleton() -> Markup {
    html! { div.skeleton.lying role="status" aria-label="Loading" { i {} i {} } }
}
