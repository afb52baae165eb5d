//! The pages that search logs and traces: the search box, the bars over time, the list and the detail of one row.

use lakefront_api::Signal as SearchedSignal;
use leptos::prelude::*;

use crate::{
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    render,
    server::{ExplorePart, ExploreRequest},
};

/// Renders the search of a signal. The server renders the answers, so that the bundle has no code for them.
#[component]
pub fn Explore(searched: SearchedSignal) -> impl IntoView {
    let state: PageState = expect_context();
    let part = move |part: ExplorePart| {
        let request = move || {
            let view = state.view.read();
            // The address of a part has the parameters on which it depends, so that no other one loads it again.
            let view = match part {
                ExplorePart::Histogram => view.without(&["before", "line"]),
                ExplorePart::Rows => view.without(&["line"]),
                ExplorePart::Row if view.param("line").is_empty() => return None,
                ExplorePart::Row => view.clone(),
            };
            Some(ExploreRequest {
                part,
                signal: searched,
                query: view.href(),
                tz: state.zone.get(),
                plain: state.pages.read().is_plain(),
            })
        };
        let reloads = match part {
            ExplorePart::Row => Signal::stored(0),
            _ => state.reloads.into(),
        };
        let resource = ServerResource::new(request, reloads);
        let (pending, set_pending) = signal(false);
        let busy = Signal::derive(move || if pending.get() { "true" } else { "false" }.to_owned());
        let html = resource.html(move |result| match result {
            Some(Ok(html)) => maud::PreEscaped(html),
            Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
            None => maud::PreEscaped(String::new()),
        });
        let (id, title) = part.words(searched);
        let head = move || render::explore::head(part, searched, &state.view.read()).into_string();
        view! {
            <section class=format!("panel {id}") id=id aria-label=title aria-busy=busy>
                <div inner_html=head></div>
                <Streamed html fallback=render::explore::skeleton(part) pending=set_pending />
            </section>
        }
    };
    let form = render::explore::form(searched, &state.view.read_untracked()).into_string();
    view! {
        <div class="explore">
            <div class="search-box" inner_html=form></div>
            {part(ExplorePart::Histogram)}
            {part(ExplorePart::Rows)}
            {part(ExplorePart::Row)}
        </div>
    }
    .into_any()
}
