//! Resources that call the server, and the component that streams their responses as HTML.

use std::{marker::PhantomData, sync::Arc};

use leptos::{ev::MouseEvent, prelude::*};
use maud::Markup;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    browser,
    failure::Failure,
    server::{Call, ServerRequest, ServerResponse, ask},
};

/// The result of the server function, or `None` while there is no request.
type Response = Option<Result<ServerResponse, Failure>>;

/// The value of a resource after its request was answered.
#[derive(Clone, Deserialize)]
enum Held {
    /// There is no request.
    Nothing,
    /// The response.
    Answer(Result<ServerResponse, Failure>),
    /// A response that the server drew. It did not send it beside its drawing, because the data would make the page
    /// several times as long, and few viewers need it.
    Drawn,
}

impl Serialize for Held {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit_variant("Held", 0, "Nothing"),
            Self::Answer(Ok(response)) if response.is_shown_as_html() => Self::Drawn.serialize(serializer),
            Self::Answer(result) => serializer.serialize_newtype_variant("Held", 1, "Answer", result),
            Self::Drawn => serializer.serialize_unit_variant("Held", 2, "Drawn"),
        }
    }
}

/// The resource of every call. Another type of resource would add kilobytes to the browser's bundle.
type Responses = Resource<Held>;

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
            Some(Held::Answer(Ok(response))) => C::response_ref(response).map(read),
            _ => None,
        }
    }

    /// Sends the request again if only the server had the response.
    pub fn fetch_drawn(self) {
        if matches!(&*self.responses.read_untracked(), Some(Held::Drawn)) {
            self.responses.refetch();
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
        move |(mut asked, _)| async move {
            loop {
                let held = match asked.clone() {
                    Some(asked) => Held::Answer(ask(asked).await),
                    None => Held::Nothing,
                };
                // A resource that waits misses a change of its request, and would show the answer to the last one for good.
                match request.try_get_untracked() {
                    Some(now) if now != asked => asked = now,
                    _ => return held,
                }
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

impl StreamedHtml {
    /// Renders the response again whenever it changes. `None` without one, and for one that the server drew.
    fn drawn(&self) -> Option<String> {
        let result = match self.responses.get()? {
            Held::Nothing => None,
            Held::Answer(result) => Some(result),
            Held::Drawn => return None,
        };
        Some((self.render)(result).into_string())
    }
}

/// Streams a response as HTML text. It does not use components, because a page has thousands of cells and none reacts
/// to a signal. A link with `data-retry` inside sends the request again.
///
/// The server writes the text into the page. In the browser, a new text changes only what differs from the page, so
/// that the focus, the scroll position and unfolded parts stay.
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
    let responses = html.responses;
    let fallback = fallback.into_string();
    let pending = pending.unwrap_or_else(|| signal(false).1);
    let content: NodeRef<leptos::html::Div> = NodeRef::new();
    let retry = move |event: MouseEvent| {
        if browser::closest(&event, "[data-retry]").is_some() {
            event.prevent_default();
            event.stop_propagation();
            responses.refetch();
        }
    };
    let on_server = html.clone();
    Effect::new(move |_| {
        if let Some(redraw) = redraw {
            redraw.get();
        }
        if let (Some(text), Some(content)) = (html.drawn(), content.get()) {
            browser::update(&content, &text);
        }
    });
    let text = move || {
        // A response that is read here keeps the fallback, or makes the part busy, until it has arrived.
        responses.with(|_| ());
        // Hydration keeps the text that the server wrote.
        let drawn = cfg!(feature = "ssr").then(|| on_server.drawn());
        drawn.flatten().unwrap_or_default()
    };
    view! {
        <div class="streamed" on:click=retry>
            <Transition
                set_pending=pending
                fallback=move || view! { <div class="content" inner_html=fallback.clone()></div> }
            >
                {move || {
                    let text = text();
                    view! { <div class="content" node_ref=content inner_html=text></div> }
                }}
            </Transition>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_the_server_drew_is_not_sent() {
        let sent = |held: &Held| {
            let text = serde_json::to_string(held).unwrap();
            let read: Held = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            text
        };
        let drawn = Held::Answer(Ok(ServerResponse::Subsystem("<p>much</p>".into())));
        assert_eq!(sent(&drawn), r#""Drawn""#);
        assert_eq!(sent(&Held::Nothing), r#""Nothing""#);
        let read = Held::Answer(Ok(ServerResponse::ZoneExists(true)));
        assert_eq!(sent(&read), r#"{"Answer":{"Ok":{"ZoneExists":true}}}"#);
        let failed = Held::Answer(Err(Failure::Transport("offline".into())));
        assert!(sent(&failed).contains("offline"));
    }
}
