//! The Metrics page: the list of metrics, or one metric over time.

use leptos::prelude::*;

use crate::{
    components::{
        panel::Kept,
        streamed::{ServerResource, Streamed},
    },
    page_state::PageState,
    pointer::Charts,
    render,
    server::MetricsRequest,
};

/// The id of the section, by which the pointer finds its chart.
const ID: &str = "metrics";

/// Renders the page. The server renders all but the chart, so that the bundle has no code for it.
#[component]
pub fn Metrics() -> impl IntoView {
    let state: PageState = expect_context();
    let charts: Charts = expect_context();
    let request = move || {
        Some(MetricsRequest {
            query: state.view.read().href(),
            tz: state.zone.get(),
            plain: state.pages.read().is_plain(),
        })
    };
    let answer: ServerResource<MetricsRequest> = ServerResource::new(request, state.reloads.into());
    let kept = Kept::default();
    let html = answer.html(move |result| match result {
        Some(Ok(answer)) => state.with_render_context(&kept.open.read_untracked(), |context| {
            render::metrics::content(&answer, context)
        }),
        Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
        None => maud::PreEscaped(String::new()),
    });
    on_cleanup(move || charts.forget(ID));
    Effect::new(move |_| {
        let view = state.view.get();
        answer.read(|answer| match &answer.chart {
            Some(chart) => {
                let hidden = render::figure::hidden_series(&chart.info, &view);
                charts.keep(&chart.info, &chart.answer, hidden);
            }
            None => charts.forget(ID),
        });
    });
    let (pending, set_pending) = signal(false);
    let busy = Signal::derive(move || if pending.get() { "true" } else { "false" }.to_owned());
    view! {
        <section
            class="panel metrics"
            id=ID
            data-panel=ID
            aria-label="Metrics"
            aria-busy=busy
            on:click=move |event| kept.clicked(&event, answer)
        >
            <Streamed
                html
                fallback=render::metrics::skeleton()
                pending=set_pending
                redraw=Signal::derive(move || kept.open.track())
            />
        </section>
    }
    .into_any()
}
