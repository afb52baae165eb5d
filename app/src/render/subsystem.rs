//! The heading of a panel about one subsystem.

use maud::{Markup, html};

use crate::server::Subsystem;

/// Renders the title and the description of the panel.
pub fn head(subsystem: Subsystem) -> Markup {
    let (id, title, description) = subsystem.words();
    html! { header { h2 id={ (id) "-title" } { (title) } p { (description) } } }
}

/// Renders a placeholder until the answer arrives.
pub fn skeleton() -> Markup {
    html! { div.skeleton.lying role="status" aria-label="Loading" { i {} i {} } }
}
