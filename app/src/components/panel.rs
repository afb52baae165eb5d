//! A panel: one named query and its answer.

use std::sync::Arc;

use lakefront_api::{PanelPlace, QueryInfo};
use leptos::{
    ev::{FocusEvent, MouseEvent},
    prelude::*,
};

use crate::{
    browser,
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    pointer::Charts,
    render,
    server::PanelRequest,
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
    let answer: ServerResource<PanelRequest> = {
        let info = info.clone();
        let request = move || PanelRequest::new(&info, &own_view.read(), &state.zone.read());
        ServerResource::new(request, state.reloads.into())
    };
    // These survive a new answer: the parts that the viewer unfolded, switched off or focused.
    let open = RwSignal::new(Vec::<String>::new());
    let off = RwSignal::new(Vec::<String>::new());
    let focused = RwSignal::new(None::<String>);
    let html = {
        let info = info.clone();
        answer.html(move |result| match result {
            Some(Ok(answer)) => {
                state.with_render_context(&open.read_untracked(), &off.read_untracked(), |context| {
                    render::panel::answer(&info, &answer, context)
                })
            }
            Some(Err(failure)) => render::failure::note(failure, &state.view.read_untracked().href()),
            None => state.with_render_context(&[], &[], render::panel::filter_missing),
        })
    };
    let section: NodeRef<leptos::html::Section> = NodeRef::new();
    {
        let name = info.name.clone();
        on_cleanup(move || charts.forget(&name));
        let info = info.clone();
        Effect::new(move |_| {
            let hidden = off.get();
            answer.read(|answer| charts.keep(&info, &answer.reply, &answer.zone, hidden));
            if let (Some(section), Some(key)) = (section.get(), focused.get_untracked()) {
                browser::refocus(section.into(), key);
            }
        });
    }
    let click = move |event: MouseEvent| {
        if let Some(summary) = browser::closest(&event, "summary[data-key]") {
            toggle(open, summary.get_attribute("data-key"));
        } else if let Some(button) = browser::closest(&event, "[data-series]") {
            toggle(off, button.get_attribute("data-series"));
        }
    };
    let focus = move |event: FocusEvent| {
        focused.set(
            browser::closest(&event, "[data-key]").and_then(|element| element.get_attribute("data-key")),
        );
    };
    let (pending, set_pending) = signal(false);
    let busy = Signal::derive(move || if pending.get() { "true" } else { "false" }.to_owned());
    let heading = format!("{}-title", info.name);
    let head = render::panel::head(&info, &state.view.read_untracked(), &heading).into_string();
    view! {
        <section
            node_ref=section
            class=if place.wide { "panel wide-panel" } else { "panel" }
            id=info.name.clone()
            data-panel=info.name.clone()
            aria-labelledby=heading
            aria-busy=busy
            on:click=click
            on:focusin=focus
        >
            <div inner_html=head></div>
            <Streamed
                html
                fallback=render::panel::skeleton(&info.chart)
                pending=set_pending
                redraw=Signal::derive(move || off.track())
            />
        </section>
    }
    .into_any()
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
