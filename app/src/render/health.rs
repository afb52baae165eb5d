//! The state of the backends.

use maud::{Markup, html};

use crate::{failure::Failure, server::BackendRow};

/// Renders the backends and their states as a list. `None` is the list before the response arrives.
pub fn list(backends: Option<Result<Vec<BackendRow>, Failure>>) -> Markup {
    match backends {
        Some(Ok(backends)) => html! {
            ul.health aria-label="Backends" {
                @for backend in backends {
                    li class=(backend.class) title=(backend.detail) { b { (backend.name) } (backend.state) }
                }
            }
        },
        Some(Err(failure)) => html! { ul.health { li.down { (failure) } } },
        None => unknown(),
    }
}

/// Renders the list before the response arrives.
pub fn unknown() -> Markup {
    html! { ul.health aria-label="Backends" { li.idle { "asking the backends" } } }
}

/// Renders the heading of [`table`].
pub fn head() -> Markup {
    html! { header { h2 #backends-title { "Backends" } p { "Who can answer, and how each was when it was last asked." } } }
}

/// Renders the backends as a table: state, last check, lag, last failure and container.
pub fn table(backends: Option<Result<Vec<BackendRow>, Failure>>) -> Markup {
    let Some(Ok(backends)) = backends else {
        return list(backends);
    };
    html! {
        div.table role="region" tabindex="0" aria-label="Backends: table" {
            table {
                thead { tr { @for name in ["backend", "state", "last check", "took", "behind the lake", "notes"] { th.number[name == "took" || name == "behind the lake"] scope="col" { (name) } } } }
                tbody { @for backend in &backends { (row(backend)) } }
            }
        }
    }
}

fn row(backend: &BackendRow) -> Markup {
    let or_dash = |text: &str| {
        if text.is_empty() {
            "–".to_owned()
        } else {
            text.to_owned()
        }
    };
    html! {
        tr {
            th scope="row" { (backend.name) }
            td { span.state.(backend.class) { (backend.state) } }
            td.time { (or_dash(&backend.checked)) }
            td.number { (or_dash(&backend.latency)) }
            td.number { (or_dash(&backend.lag)) }
            td.text { (or_dash(&backend.detail)) }
        }
    }
}
