use lakefront_api::BackendKind;
use maud::{Markup, html};

use crate::{failure::Failure, server::Answer};

/// The backends and how they are.
pub fn list(answer: Option<Result<Answer, Failure>>) -> Markup {
    match answer {
        Some(Ok(Answer::Health(backends))) => html! {
            ul.health aria-label="Backends" {
                @for backend in backends {
                    li class=(backend.class) title=(backend.detail) { b { (backend.name) } (backend.state) }
                }
            }
        },
        Some(Err(failure)) => html! { ul.health { li.down { (failure) } } },
        _ => unknown(),
    }
}

/// Before the answer.
pub fn unknown() -> Markup {
    html! { ul.health aria-label="Backends" { li.idle { "asking the backends" } } }
}

/// An engine's name as its makers write it.
pub const fn engine(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Chdb => "chDB",
        BackendKind::Clickhouse => "ClickHouse",
    }
}
