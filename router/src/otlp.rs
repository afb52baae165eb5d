//! OTLP/HTTP on the dashboard's own origin, handed on to ingest: a browser needs no second one.

use url::Url;
use worker::wasm_bindgen::JsCast;
use worker::{Fetch, Request, Response, Result, web_sys};

use crate::cf::property;

/// The path of a signal as OTLP/HTTP names it, if this is one.
pub fn signal_path(path: &str) -> Option<&'static str> {
    ["/v1/logs", "/v1/traces", "/v1/metrics"]
        .into_iter()
        .find(|signal| *signal == path)
}

/// Sends the request on as it is, its body unread, with what the platform knows of the sender.
pub async fn forward(ingest: &Url, path: &str, request: &web_sys::Request) -> Result<Response> {
    let mut target = ingest.join(path.trim_start_matches('/'))?;
    // A page that may send no header has the id of its batch there.
    target.set_query(Url::parse(&request.url())?.query());
    let forwarded = web_sys::Request::new_with_str_and_init(target.as_str(), request.unchecked_ref())?;
    let headers = forwarded.headers();
    // What a client says of itself here is not believed.
    for spoofable in ["x-forwarded-for", "cf-ipcountry", "forwarded", "x-real-ip"] {
        headers.delete(spoofable)?;
    }
    if let Some(address) = sender(request)? {
        headers.set("x-forwarded-for", &address)?;
    }
    if let Some(country) = property(request, "country").filter(|country| !country.is_empty()) {
        headers.set("cf-ipcountry", &country)?;
    }
    // The viewer's password and cookies are none of ingest's business; its own keys are bearer tokens.
    headers.delete("cookie")?;
    if headers
        .get("authorization")?
        .is_some_and(|value| value.starts_with("Basic "))
    {
        headers.delete("authorization")?;
    }
    Fetch::Request(Request::from(forwarded)).send().await
}

/// The sender's address: workerd puts it beside the request (with the port), Cloudflare into a header that it owns.
fn sender(request: &web_sys::Request) -> Result<Option<String>> {
    let socket = property(request, "clientIp").and_then(|text| text.parse::<std::net::SocketAddr>().ok());
    match socket {
        Some(socket) => Ok(Some(socket.ip().to_string())),
        None => Ok(request.headers().get("cf-connecting-ip")?),
    }
}
