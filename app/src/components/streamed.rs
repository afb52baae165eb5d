//! Resources that send a request to the server, and the component that streams the response as HTML.

use std::sync::Arc;

use leptos::{ev::MouseEvent, prelude::*};
use maud::Markup;

use crate::{
    browser,
    failure::Failure,
    server::{ServerRequest, ServerResponse, ask},
};

/// A response that may not have arrived yet, or `None` while there is no request.
pub type ServerResource = Resource<Option<Result<ServerResponse, Failure>>>;

/// Renders a response, or the lack of a request, as HTML.
pub type Render = Arc<dyn Fn(Option<Result<ServerResponse, Failure>>) -> Markup + Send + Sync>;

/// Sends the request to the server whenever the request or `reloads` changes.
pub fn server_resource(request: Memo<Option<ServerRequest>>, reloads: Signal<u32>) -> ServerResource {
    Resource::new(
        move || (request.get(), reloads.get()),
        |(request, _)| async move {
            match request {
                Some(request) => Some(ask(request).await),
                None => None,
            }
        },
    )
}

/// Streams a response as HTML text. It does not use components, because a page has thousands of cells and none reacts to
/// a signal. A link with `data-retry` inside sends the request again.
#[component]
pub fn Streamed(
    /// The answer.
    answer: ServerResource,
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
        if browser::closest(&event, "[data-retry]").is_some() {
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
