use std::sync::Arc;

use leptos::{ev::MouseEvent, prelude::*};
use maud::Markup;

use crate::{
    browser,
    failure::Failure,
    server::{Answer, Question, ask},
};

/// An answer on its way; none while there is nothing to ask.
pub type Asked = Resource<Option<Result<Answer, Failure>>>;

/// What to show of an answer.
pub type Render = Arc<dyn Fn(Option<Result<Answer, Failure>>) -> Markup + Send + Sync>;

/// Asks whenever the question changes, or `again` does.
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

/// Streams what an answer looks like. It is text, not components: a page has thousands of cells and none of them
/// moves. A link with `data-retry` inside asks again.
#[component]
pub fn Streamed(
    /// The answer.
    answer: Asked,
    /// What it looks like.
    render: Render,
    /// What is there until then.
    fallback: Markup,
    /// Set while another answer is on its way.
    #[prop(optional)]
    pending: Option<WriteSignal<bool>>,
    /// What else changes how the answer looks.
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
