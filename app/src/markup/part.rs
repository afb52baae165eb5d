//! The heading of a panel about a part of the system.

use maud::{Markup, html};

use crate::server::Part;

/// Renders the title and the description of the panel.
pub fn head(part: Part) -> Markup {
    let (id, title, description) = part.words();
    html! { header { h2 id={ (id) "-title" } { (title) } p { (description) } } }
}

/// Renders a placeholder until the answer arrives.
pub fn skeleton() -> Markup {
    html! { div.skeleton.lying role="status" aria-label="Loading" { i {} i {} } }
}
