//! The SQL page: a statement of the viewer's own, and its answer.

use leptos::prelude::*;

use crate::{
    browser,
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    render,
    server::{ExplorePart, SqlPageRequest},
};

/// Renders the page. The server renders the form, so that the bundle has no code for it. The editor (`app/editor`) takes
/// over from the form, and changes the address from then on: it is read once.
#[component]
pub fn Sql() -> impl IntoView {
    let state: PageState = expect_context();
    let request = SqlPageRequest {
        query: state.view.read_untracked().href(),
        plain: state.pages.read_untracked().is_plain(),
    };
    let resource = ServerResource::new(move || Some(request.clone()), Signal::stored(0));
    let html = resource.html(move |result| match result {
        Some(Ok(html)) => maud::PreEscaped(html),
        Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
        None => maud::PreEscaped(String::new()),
    });
    Effect::new(|_| browser::announce("lakefront-sql"));
    view! {
        <div class="sql">
            <Streamed html fallback=render::explore::skeleton(ExplorePart::Rows) />
        </div>
    }
    .into_any()
}
