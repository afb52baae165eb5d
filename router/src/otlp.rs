//! Forwards OTLP/HTTP from the dashboard's origin to ingest, so that a browser needs no second origin.

use std::time::Duration;

use lakefront_otel::decode::Signal;
use url::Url;
use worker::wasm_bindgen::JsCast;
use worker::{AbortController, Fetch, Request, Response, Result, web_sys};

use crate::cf::property;
use crate::timer::within;

/// Headers about the sender, which a client could forge.
pub const SPOOFABLE: [&str; 4] = ["x-forwarded-for", "cf-ipcountry", "forwarded", "x-real-ip"];

/// Returns the signal whose OTLP/HTTP path it is.
pub fn signal_of(path: &str) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| signal.path() == path)
}

/// Forwards the request with its body unread, and adds the sender's address and country as the platform gives them.
///
/// # Errors
/// Returns an error if ingest cannot be reached or does not answer within `limit`.
pub async fn forward(
    ingest: &Url,
    limit: Duration,
    signal: Signal,
    request: &web_sys::Request,
) -> Result<Response> {
    let mut target = ingest.join(signal.path().trim_start_matches('/'))?;
    // A page that cannot set headers sends the id of its batch in the query string.
    target.set_query(Url::parse(&request.url())?.query());
    let forwarded = web_sys::Request::new_with_str_and_init(target.as_str(), request.unchecked_ref())?;
    let headers = forwarded.headers();
    for spoofable in SPOOFABLE {
        headers.delete(spoofable)?;
    }
    if let Some(address) = sender(request)? {
        headers.set("x-forwarded-for", &address)?;
    }
    if let Some(country) = country(request) {
        headers.set("cf-ipcountry", &country)?;
    }
    // The viewer's password and cookies must not reach ingest. Keys of ingest itself are bearer tokens.
    headers.delete("cookie")?;
    if headers
        .get("authorization")?
        .is_some_and(|value| is_basic(&value))
    {
        headers.delete("authorization")?;
    }
    let cancel = AbortController::default();
    let signal = cancel.signal();
    let forwarded = Fetch::Request(Request::from(forwarded));
    match within(limit, forwarded.send_with_signal(&signal)).await {
        Some(answer) => answer,
        None => {
            cancel.abort();
            Err(format!("no answer within {} s", limit.as_secs()).into())
        }
    }
}

/// Returns true for a password. The scheme is compared without case (RFC 9110, 11.1).
fn is_basic(authorization: &str) -> bool {
    let scheme = authorization.split(' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("basic")
}

/// Returns the sender's country as the platform gives it.
pub fn country(request: &web_sys::Request) -> Option<String> {
    property(request, "country").filter(|country| !country.is_empty())
}

/// Returns the sender's address. workerd gives it with the port beside the request, Cloudflare in a header of its own.
pub fn sender(request: &web_sys::Request) -> Result<Option<String>> {
    let socket = property(request, "clientIp").and_then(|text| text.parse::<std::net::SocketAddr>().ok());
    match socket {
        Some(socket) => Ok(Some(socket.ip().to_string())),
        None => Ok(request.headers().get("cf-connecting-ip")?),
    }
}
