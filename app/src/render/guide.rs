//! What stands on a page while the lake has no row, and texts to copy.

use maud::{Markup, html};

/// Renders the wait for the first row, with the last refused request if there is one.
pub fn waiting(refusal: Option<&str>) -> Markup {
    html! {
        div.waiting role="status" {
            p { "Waiting for the first row …" }
            @if let Some(text) = refusal { p.refusal { strong { "Something came, and was refused." } " " (text) } }
        }
    }
}

/// Renders a text with a button that copies it.
pub fn copyable(title: &str, text: &str) -> Markup {
    html! {
        figure.copyable {
            figcaption { span { (title) } button type="button" data-copy { "Copy" } }
            pre tabindex="0" translate="no" { code { (text) } }
        }
    }
}
