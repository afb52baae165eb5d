//! A panel of the Operations page: the state of one subsystem.

use leptos::prelude::*;

use crate::{
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    render,
    server::Subsystem,
};

/// Renders the state of one subsystem.
#[component]
pub fn SubsystemPanel(subsystem: Subsystem) -> impl IntoView {
    let state: PageState = expect_context();
    let resource = ServerResource::new(move || Some(subsystem), state.reloads.into());
    let html = resource.html(move |result| match result {
        Some(Ok(html)) => maud::PreEscaped(html),
        Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
        None => render::subsystem::skeleton(),
    });
    let (id, ..) = subsystem.words();
    view! {
        <section class="panel wide-panel part" id=id aria-labelledby=format!("{id}-title")>
            <div inner_html=render::subsystem::head(subsystem).into_string()></div>
            <Streamed html fallback=render::subsystem::skeleton() />
        </section>
    }
    .into_any()
}
