use lakefront_api::{BackendHealth, BackendKind, BackendState};
use maud::{Markup, html};

use crate::{failure::Failure, server::Answer};

/// The backends and how they are.
pub fn list(answer: Option<Result<Answer, Failure>>) -> Markup {
    match answer {
        Some(Ok(Answer::Health(health))) => html! {
            ul.health aria-label="Backends" { @for backend in health.backends { (one(&backend)) } }
        },
        Some(Err(failure)) => html! { ul.health { li.down { (failure) } } },
        _ => unknown(),
    }
}

/// Before the answer.
pub fn unknown() -> Markup {
    html! { ul.health aria-label="Backends" { li.idle { "asking the backends" } } }
}

fn one(backend: &BackendHealth) -> Markup {
    let (class, state) = match backend.state {
        BackendState::Unknown => ("idle", "not asked yet"),
        BackendState::Healthy => ("up", "healthy"),
        BackendState::Asleep => ("idle", "asleep"),
        BackendState::Down => ("down", "down"),
    };
    html! {
        li class=(class) title=[&backend.detail] {
            b { (engine(backend.kind)) @if let Some(region) = &backend.region { " " (region) } }
            (state)
        }
    }
}

/// An engine's name as its makers write it.
pub const fn engine(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Chdb => "chDB",
        BackendKind::Clickhouse => "ClickHouse",
    }
}
