use std::sync::Arc;

use lakefront_api::QueryInfo;
use leptos::prelude::*;

use crate::{
    boot::ViewerZone,
    components::streamed::{Render, Streamed, asked},
    markup,
    server::{Answer, PanelRequest, Question},
    view::View,
};

/// One named query: its title, its answer, and how that came to be.
#[component]
pub fn Panel(
    info: QueryInfo,
    view: Memo<View>,
    /// Asks again whenever it changes.
    again: ReadSignal<u32>,
) -> impl IntoView {
    let viewer = expect_context::<ViewerZone>().0;
    let info = Arc::new(info);
    let question = {
        let info = info.clone();
        Memo::new(move |_| request(&info, &view.read(), &viewer.read()).map(Question::Panel))
    };
    let render: Render = {
        let info = info.clone();
        Arc::new(move |answer| match answer {
            Some(Ok(Answer::Panel(answer))) => markup::panel::answer(&info, &answer),
            Some(Err(failure)) => markup::failure::note(failure, &view.read_untracked().href()),
            _ => markup::panel::question(),
        })
    };
    let (pending, set_pending) = signal(false);
    let busy = Signal::derive(move || if pending.get() { "true" } else { "false" }.to_owned());
    let heading = format!("{}-title", info.name);
    let head = markup::panel::head(&info, &view.read_untracked(), &heading).into_string();
    view! {
        <section
            class=if markup::panel::broad(&info) { "panel broad" } else { "panel" }
            id=info.name.clone()
            data-panel=info.name.clone()
            aria-labelledby=heading
            aria-busy=busy
        >
            <div inner_html=head></div>
            <Streamed
                answer=asked(question, again)
                render
                fallback=markup::panel::skeleton(info.chart.kind)
                pending=set_pending
            />
        </section>
    }
    .into_any()
}

/// What the panel asks; nothing while a required parameter is missing.
fn request(info: &QueryInfo, view: &View, viewer: &str) -> Option<PanelRequest> {
    let mut params = Vec::new();
    for param in &info.params {
        let value = match param.name.as_str() {
            "service" => view.service.as_str(),
            "environment" => view.environment.as_str(),
            name => view.param(&info.name, name).unwrap_or_default(),
        };
        if !value.is_empty() {
            params.push((param.name.clone(), value.to_owned()));
        } else if param.default.is_none() {
            return None;
        }
    }
    Some(PanelRequest {
        query: info.name.clone(),
        range: view.range.clone(),
        tz: view.tz.clone().unwrap_or_else(|| viewer.to_owned()),
        params,
    })
}
