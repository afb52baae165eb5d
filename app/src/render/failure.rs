//! The notice of a failed question.

use lakefront_api::ProblemType;
use maud::{Markup, html};

use crate::failure::Failure;

/// Renders what went wrong, what to do, and a link to try again. Without JavaScript the link loads the page again.
pub fn note(failure: Failure, href: &str) -> Markup {
    let (title, detail, engine) = match failure {
        Failure::Problem(problem) => {
            let code = problem
                .code
                .map(|code| format!("code {code}: "))
                .unwrap_or_default();
            (
                problem.kind.title(),
                problem.detail,
                problem.engine_message.map(|text| code + &text),
            )
        }
        Failure::Transport(message) => (ProblemType::NoBackend.title(), message, None),
    };
    html! {
        div.note.failure role="alert" {
            strong { (title) }
            p { (detail) }
            @if let Some(text) = engine {
                details { summary { "What the engine said" } pre { (text) } }
            }
            a.button href=(href) data-retry { "Try again" }
        }
    }
}
