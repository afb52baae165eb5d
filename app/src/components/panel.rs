//! A panel: one named query and its answer.

use std::sync::Arc;

use lakefront_api::{ChartKind, PanelPlace, QueryInfo};
use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    browser,
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    pointer::Charts,
    render,
    server::{Call, PanelRequest, find_key},
};

/// Renders a named query: its title, its answer, and how the query was answered.
#[component]
pub fn Panel(info: QueryInfo, place: PanelPlace) -> impl IntoView {
    let state: PageState = expect_context();
    let charts: Charts = expect_context();
    let info = Arc::new(info);
    let own_view = {
        let info = info.clone();
        Memo::new(move |_| {
            state
                .pages
                .read()
                .view_of_query(&info, place.page, &state.view.read())
        })
    };
    let kept = Kept::default();
    let Kept { open } = kept;
    let answer: ServerResource<PanelRequest> = {
        let info = info.clone();
        let is_drawn = matches!(info.chart.kind, ChartKind::Map | ChartKind::Waterfall);
        let find = find_key(&info);
        let request = move || {
            let mut request = PanelRequest::new(&info, &own_view.read(), &state.zone.read())?;
            if is_drawn {
                request.find = state.view.read().param(&find).to_owned();
                request.plain = state.pages.read().is_plain();
                request.all = request.plain || render::table::is_all(&open.read());
            }
            Some(request)
        };
        ServerResource::new(request, state.reloads.into())
    };
    let order = {
        let names = [
            render::table::sort_key(&info),
            render::record::row_key(&info),
            render::figure::off_key(&info),
        ];
        Memo::new(move |_| {
            let view = state.view.read();
            names.each_ref().map(|name| view.param(name).to_owned())
        })
    };
    let html = {
        let info = info.clone();
        answer.html(move |result| match result {
            Some(Ok(answer)) => state.with_render_context(&open.read_untracked(), |context| {
                render::panel::answer(&info, &answer, context)
            }),
            Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
            None => state.with_render_context(&[], render::panel::filter_missing),
        })
    };
    {
        let name = info.name.clone();
        on_cleanup(move || charts.forget(&name));
        Effect::new(move |before: Option<[String; 3]>| {
            let order = order.get();
            if before.is_some_and(|before| before != order) {
                answer.fetch_drawn();
            }
            order
        });
        if has_time_axis(&info) {
            Effect::new(move |_| {
                if charts.are_wanted() {
                    answer.fetch_drawn();
                }
            });
        }
        let info = info.clone();
        Effect::new(move |_| {
            order.track();
            let hidden = render::figure::hidden_series(&info, &state.view.read_untracked());
            answer.read(|answer| charts.keep(&info, answer, hidden));
        });
    }
    let (pending, set_pending) = signal(false);
    let busy = Signal::derive(move || if pending.get() { "true" } else { "false" }.to_owned());
    let heading = format!("{}-title", info.name);
    let not_applied = {
        let info = info.clone();
        move || {
            let (pages, view) = (state.pages.read(), state.view.read());
            let names = pages.not_applied(&info, place.page, &view);
            render::filters::not_applied(&names).into_string()
        }
    };
    let has_rows = place.wide && info.chart.kind == ChartKind::Table;
    let rows = has_rows.then(|| format!("--rows:{}", place.rows));
    let head = render::panel::head(&info, &state.view.read_untracked(), &heading).into_string();
    view! {
        <section
            class=match (has_rows, place.wide) {
                (true, _) => "panel wide-panel table-panel",
                (false, true) => "panel wide-panel",
                (false, false) => "panel",
            }
            style=rows
            id=info.name.clone()
            data-panel=info.name.clone()
            aria-labelledby=heading
            aria-busy=busy
            on:click=move |event| kept.clicked(&event, answer)
        >
            <div inner_html=head></div>
            <p class="not-applied" inner_html=not_applied></p>
            <Streamed
                html
                fallback=render::panel::skeleton(&info.chart)
                pending=set_pending
                redraw=Signal::derive(move || {
                    open.track();
                    order.track();
                })
            />
        </section>
    }
    .into_any()
}

/// The state of an answer that a refresh keeps: the parts that the viewer unfolded.
#[derive(Clone, Copy)]
pub struct Kept {
    /// The names of the unfolded parts.
    pub open: RwSignal<Vec<String>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            open: RwSignal::new(Vec::new()),
        }
    }
}

impl Kept {
    /// Handles a click inside of the answer. A part can be drawn again only with the response.
    pub fn clicked<C: Call>(self, event: &MouseEvent, answer: ServerResource<C>) {
        if let Some(part) = browser::closest(event, "[data-fold]") {
            answer.fetch_drawn();
            toggle(self.open, part.get_attribute("data-fold"));
        }
    }
}

const fn has_time_axis(info: &QueryInfo) -> bool {
    matches!(
        info.chart.kind,
        ChartKind::Line | ChartKind::Bar | ChartKind::Heatmap
    )
}

fn toggle(names: RwSignal<Vec<String>>, name: Option<String>) {
    let Some(name) = name else { return };
    names.update(|names| match names.iter().position(|other| *other == name) {
        Some(at) => {
            names.remove(at);
        }
        None => names.push(name),
    });
}
