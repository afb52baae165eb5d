use lakefront_api::{BackendHealth, BackendKind, BackendState};
use leptos::prelude::*;

use crate::server::health;

/// The backends and how they are.
#[component]
pub fn HealthPill() -> impl IntoView {
    let health = Resource::new(|| (), |()| health());
    view! {
        <ul class="health" aria-label="Backends">
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match health.await {
                        Ok(health) => health.backends.into_iter().map(backend).collect_view().into_any(),
                        Err(failure) => view! { <li class="down">{failure.to_string()}</li> }.into_any(),
                    }
                })}
            </Transition>
        </ul>
    }
}

fn backend(backend: BackendHealth) -> impl IntoView {
    let state = match backend.state {
        BackendState::Unknown => "not asked yet",
        BackendState::Healthy => "healthy",
        BackendState::Asleep => "asleep",
        BackendState::Down => "down",
    };
    let class = match backend.state {
        BackendState::Down => "down",
        BackendState::Healthy => "up",
        BackendState::Unknown | BackendState::Asleep => "idle",
    };
    let region = backend.region.map(|region| format!(" {region}"));
    view! {
        <li class=class title=backend.detail>
            <b>{engine(backend.kind)}{region}</b>
            " "
            {state}
        </li>
    }
}

/// An engine's name as its makers write it.
pub const fn engine(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Chdb => "chDB",
        BackendKind::Clickhouse => "ClickHouse",
    }
}
