//! Resources that call the server, and the component that streams their responses as HTML.

use std::{marker::PhantomData, sync::Arc};

use leptos::{ev::MouseEvent, prelude::*};
use maud::Markup;

use crate::{
    browser,
    failure::Failure,
    server::{Call, ServerRequest, ServerResponse, ask},
};

/// The result of the server function, or `None` while there is no request.
type Response = Option<Result<ServerResponse, Failure>>;

/// The resource of every call. Another type of resource would add kilobytes to the browser's bundle.
type Responses = Resource<Response>;

/// The response of a call. It may not have arrived yet, and there is none while there is no request.
pub struct ServerResource<C> {
    responses: Responses,
    call: PhantomData<fn() -> C>,
}

impl<C> Clone for ServerResource<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for ServerResource<C> {}

impl<C: Call> ServerResource<C> {
    /// Sends the request to the server whenever the request or `reloads` changes.
    pub fn new(request: impl Fn() -> Option<C> + Send + Sync + 'static, reloads: Signal<u32>) -> Self {
        let request: Memo<Option<ServerRequest>> = Memo::new(move |_| request().map(C::into_request));
        Self {
            responses: responses(request, reloads),
            call: PhantomData,
        }
    }

    /// Calls `read` with the response, if it has arrived and is not a failure. The caller is run again with the next
    /// one.
    pub fn read<T>(self, read: impl FnOnce(&C::Response) -> T) -> Option<T> {
        match &*self.responses.read() {
            Some(Some(Ok(response))) => C::response_ref(response).map(read),
            _ => None,
        }
    }

    /// Sends the request again.
    pub fn refetch(self) {
        self.responses.refetch();
    }

    /// Returns the HTML of the response. `render` gets `None` while there is no request.
    pub fn html(
        self,
        render: impl Fn(Option<Result<C::Response, Failure>>) -> Markup + Send + Sync + 'static,
    ) -> StreamedHtml {
        StreamedHtml {
            responses: self.responses,
            render: Arc::new(move |result| render(result.map(C::result))),
        }
    }
}

fn responses(request: Memo<Option<ServerRequest>>, reloads: Signal<u32>) -> Responses {
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

/// A response that is rendered as HTML.
#[derive(Clone)]
pub struct StreamedHtml {
    responses: Responses,
    render: Arc<dyn Fn(Response) -> Markup + Send + Sync>,
}

/// Streams a response as HTML text. It does not use components, because a page has thousands of cells and none reacts
/// to a signal. A link with `data-retry` inside sends the request again.
#[component]
pub fn Streamed(
    /// The response and how it is rendered.
    html: StreamedHtml,
    /// The content until the response arrives.
    fallback: Markup,
    /// True while another response is on its way.
    #[prop(optional)]
    pending: Option<WriteSignal<bool>>,
    /// A signal that renders the same response again.
    #[prop(optional)]
    redraw: Option<Signal<()>>,
) -> impl IntoView {
    let StreamedHtml { responses, render } = html;
    let fallback = fallback.into_string();
    let pending = pending.unwrap_or_else(|| signal(false).1);
    let retry = move |event: MouseEvent| {
        if browser::closest(&event, "[data-retry]").is_some() {
            event.prevent_default();
            event.stop_propagation();
            responses.refetch();
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
                        let html = render(responses.await).into_string();
                        view! { <div class="content" inner_html=html></div> }
                    })
                }}
            </Transition>
        </div>
    }
    .into_any()
}
