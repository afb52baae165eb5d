//! A panel of the Operations page about one part of the system.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    components::streamed::{Render, Streamed, asked},
    here::Here,
    markup,
    server::{Answer, Part, Question},
};

/// Renders the state of one part of the system.
#[component]
pub fn PartPanel(part: Part) -> impl IntoView {
    let here: Here = expect_context();
    let answer = asked(Memo::new(move |_| Some(Question::Part(part))), here.again.into());
    let render: Render = Arc::new(move |answer| match answer {
        Some(Ok(Answer::Part(html))) => maud::PreEscaped(html),
        Some(Err(failure)) => markup::failure::note(failure, &here.view.read_untracked().href()),
        _ => markup::part::skeleton(),
    });
    let (id, ..) = part.words();
    view! {
        <section class="panel wide-panel part" id=id aria-labelledby=format!("{id}-title")>
            <div inner_html=markup::part::head(part).into_string()></div>
            <Streamed answer render fallback=markup::part::skeleton() />
        </section>
    }
    .into_any()
}
