use lakefront_api::ProblemType;
use leptos::{ev::MouseEvent, prelude::*};

use crate::failure::Failure;

/// What went wrong, what to do, and another try.
#[component]
pub fn FailureNote(
    failure: Failure,
    /// The page's own address, for a browser without JavaScript.
    #[prop(into)]
    href: Signal<String>,
    /// Asks again.
    retry: impl Fn() + 'static,
) -> impl IntoView {
    let (title, detail, engine) = match failure {
        Failure::Problem(problem) => {
            let code = problem.code.map(|code| format!("code {code}: ")).unwrap_or_default();
            (problem.kind.title(), problem.detail, problem.engine_message.map(|text| code + &text))
        }
        Failure::Transport(message) => (ProblemType::NoBackend.title(), message, None),
    };
    let click = move |event: MouseEvent| {
        event.prevent_default();
        event.stop_propagation();
        retry();
    };
    view! {
        <div class="note failure" role="alert">
            <strong>{title}</strong>
            <p>{detail}</p>
            {engine.map(|text| view! {
                <details><summary>"What the engine said"</summary><pre>{text}</pre></details>
            })}
            <a class="button" href=href on:click=click>"Try again"</a>
        </div>
    }
}
