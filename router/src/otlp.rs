//! Forwards OTLP/HTTP from the dashboard's origin to ingest, so that a browser needs no second origin.

use url::Url;
use worker::wasm_bindgen::JsCast;
use worker::{Fetch, Request, Response, Result, web_sys};

use crate::cf::property;

/// Returns the path if it is that of an OTLP/HTTP signal.
pub fn signal_path(path: &str) -> Option<&'static str> {
    ["/v1/logs", "/v1/traces", "/v1/metrics"]
        .into_iter()
        .find(|signal| *signal == path)
}

/// Forwards the request with its body unread, and adds the sender's address and country as the platform gives them.
pub async fn forward(ingest: &Url, path: &str, request: &web_sys::Request) -> Result<Response> {
    let mut target = ingest.join(path.trim_start_matches('/'))?;
    // A page that cannot set headers sends the id of its batch in the query string.
    target.set_query(Url::parse(&request.url())?.query());
    let forwarded = web_sys::Request::new_with_str_and_init(target.as_str(), request.unchecked_ref())?;
    let headers = forwarded.headers();
    // A client could forge these headers.
    for spoofable in ["x-forwarded-for", "cf-ipcountry", "forwarded", "x-real-ip"] {
        headers.delete(spoofable)?;
    }
    if let Some(address) = sender(request)? {
        headers.set("x-forwarded-for", &address)?;
    }
    if let Some(country) = property(request, "country").filter(|country| !country.is_empty()) {
        headers.set("cf-ipcountry", &country)?;
    }
    // The viewer's password and cookies must not reach ingest. Keys of ingest itself are bearer tokens.
    headers.delete("cookie")?;
    if headers
        .get("authorization")?
        .is_some_and(|value| value.starts_with("Basic "))
    {
        headers.delete("authorization")?;
    }
    Fetch::Request(Request::from(forwarded)).send().await
}

/// Returns the sender's address. workerd gives it with the port beside the request, Cloudflare in a header of its own.
fn sender(request: &web_sys::Request) -> Result<Option<String>> {
    let socket = property(request, "clientIp").and_then(|text| text.parse::<std::net::SocketAddr>().ok());
    match socket {
        Some(socket) => Ok(Some(socket.ip().to_string())),
        None => Ok(request.headers().get("cf-connecting-ip")?),
    }
}
