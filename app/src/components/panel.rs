//! A panel: one named query and its answer.

use std::sync::Arc;

use lakefront_api::{PanelPlace, QueryInfo};
use leptos::{
    ev::{FocusEvent, MouseEvent},
    html::Section,
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
    let kept = Kept::new();
    let Kept {
        open, off, section, ..
    } = kept;
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
    {
        let name = info.name.clone();
        on_cleanup(move || charts.forget(&name));
        let info = info.clone();
        Effect::new(move |_| {
            let hidden = off.get();
            answer.read(|answer| charts.keep(&info, &answer.reply, &answer.zone, hidden));
            kept.refocus();
        });
    }
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
            on:click=move |event| kept.clicked(&event)
            on:focusin=move |event| kept.focused(&event)
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

/// The state of an answer that a refresh keeps: the parts that the viewer unfolded, switched off or focused.
#[derive(Clone, Copy)]
pub struct Kept {
    /// The keys of the unfolded parts.
    pub open: RwSignal<Vec<String>>,
    /// The names of the series that are switched off.
    pub off: RwSignal<Vec<String>>,
    /// The element around the answer.
    pub section: NodeRef<Section>,
    focused: RwSignal<Option<String>>,
}

impl Kept {
    /// Creates the state of an answer in which nothing is unfolded or switched off.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(Vec::new()),
            off: RwSignal::new(Vec::new()),
            section: NodeRef::new(),
            focused: RwSignal::new(None),
        }
    }

    /// Handles a click inside of the answer.
    pub fn clicked(self, event: &MouseEvent) {
        if let Some(summary) = browser::closest(event, "summary[data-key]") {
            toggle(self.open, summary.get_attribute("data-key"));
        } else if let Some(button) = browser::closest(event, "[data-series]") {
            toggle(self.off, button.get_attribute("data-series"));
        }
    }

    /// Handles the focus on a part of the answer.
    pub fn focused(self, event: &FocusEvent) {
        let part = browser::closest(event, "[data-key]");
        self.focused
            .set(part.and_then(|part| part.get_attribute("data-key")));
    }

    /// Returns the focus to its part after a new answer.
    pub fn refocus(self) {
        if let (Some(section), Some(key)) = (self.section.get(), self.focused.get_untracked()) {
            browser::refocus(section.into(), key);
        }
    }
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
