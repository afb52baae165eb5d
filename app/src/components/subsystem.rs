//! A panel of the Operations page: the state of one subsystem.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    components::streamed::{Render, Streamed, server_resource},
    page_state::PageState,
    render,
    server::{ServerRequest, ServerResponse, Subsystem},
};

/// Renders the state of one subsystem.
#[component]
pub fn SubsystemPanel(subsystem: Subsystem) -> impl IntoView {
    let state: PageState = expect_context();
    let answer = server_resource(
        Memo::new(move |_| Some(ServerRequest::Subsystem(subsystem))),
        state.reloads.into(),
    );
    let render: Render = Arc::new(move |answer| match answer {
        Some(Ok(ServerResponse::Subsystem(html))) => maud::PreEscaped(html),
        Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
        _ => render::subsystem::skeleton(),
    });
    let (id, ..) = subsystem.words();
    view! {
        <section class="panel wide-panel part" id=id aria-labelledby=format!("{id}-title")>
            <div inner_html=render::subsystem::head(subsystem).into_string()></div>
            <Streamed answer render fallback=render::subsystem::skeleton() />
        </section>
    }
    .into_any()
}
