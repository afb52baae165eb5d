//! Components that send a question and stream the answer as HTML.

use std::sync::Arc;

use leptos::{ev::MouseEvent, prelude::*};
use maud::Markup;

use crate::{
    browser,
    failure::Failure,
    server::{Answer, Question, ask},
};

/// An answer that may not have arrived yet, or `None` while there is no question.
pub type Asked = Resource<Option<Result<Answer, Failure>>>;

/// Renders an answer, or the lack of a question, as HTML.
pub type Render = Arc<dyn Fn(Option<Result<Answer, Failure>>) -> Markup + Send + Sync>;

/// Sends the question to the server whenever the question or `again` changes.
pub fn asked(question: Memo<Option<Question>>, again: Signal<u32>) -> Asked {
    Resource::new(
        move || (question.get(), again.get()),
        |(question, _)| async move {
            match question {
                Some(question) => Some(ask(question).await),
                None => None,
            }
        },
    )
}

/// Streams an answer as HTML text. It does not use components, because a page has thousands of cells and none reacts to
/// a signal. A link with `data-retry` inside sends the question again.
#[component]
pub fn Streamed(
    /// The answer.
    answer: Asked,
    /// Renders the answer.
    render: Render,
    /// The content until the answer arrives.
    fallback: Markup,
    /// True while another answer is on its way.
    #[prop(optional)]
    pending: Option<WriteSignal<bool>>,
    /// A signal that renders the same answer again.
    #[prop(optional)]
    redraw: Option<Signal<()>>,
) -> impl IntoView {
    let fallback = fallback.into_string();
    let pending = pending.unwrap_or_else(|| signal(false).1);
    let retry = move |event: MouseEvent| {
        if browser::around(&event, "[data-retry]").is_some() {
            event.prevent_default();
            event.stop_propagation();
            answer.refetch();
        }
    };
    view! {
        <div class="streamed" on:click=retry>
            <Transition
                set_pending=pending
                fallback=move || view! { <div class="content" inner_html=fallback.clone()></div> }
            >
                {move || {
                    if let Some(redraw) = redraw {
                        redraw.get();
                    }
                    let render = render.clone();
                    Suspend::new(async move {
                        let html = render(answer.await).into_string();
                        view! { <div class="content" inner_html=html></div> }
                    })
                }}
            </Transition>
        </div>
    }
    .into_any()
}
