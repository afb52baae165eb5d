//! OTLP/gRPC: what gRPC puts around the requests and answers of OTLP/HTTP. Between both ends a request is handled as any
//! other: [`super::export`].
//!
//! The server does not use tonic. Its decoder would hold a message outside of the limits on bodies in memory, decompress
//! it on a thread that serves other requests, and leave the log a body without compression.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use std::fmt::Write;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Response, header::CONTENT_TYPE},
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use lakefront_otel::decode::Signal;
use prost::Message;

use super::{error::ApiError, refusals::Refused};
use crate::otlp::{RetryInfo, StatusWithRetry};

/// The path of gRPC's health check.
pub const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// The header that names the compression of compressed messages.
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// Bytes before a message: one that tells whether it is compressed, and four with its length.
pub const PREFIX: usize = 5;

/// Most characters of an error's message. Clients limit all headers of an answer to 8 KiB.
const MESSAGE_LENGTH: usize = 1024;

/// Returns the path of a signal's method `Export`.
pub fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// Returns true for requests of gRPC with protobuf messages.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| {
        ["application/grpc", "application/grpc+proto"]
            .into_iter()
            .any(|name| essence.eq_ignore_ascii_case(name))
    })
}

/// Returns the length of a message by the first bytes of its body, once there are enough.
pub fn announced(body: &[u8]) -> Option<usize> {
    let [_, length @ ..] = *body.first_chunk::<PREFIX>()?;
    Some(u32::from_be_bytes(length) as usize)
}

/// Returns the one message of a body, and whether it is compressed.
///
/// # Errors
/// Returns an error if the body is no message, a part of one, or more than one.
pub fn message(mut body: Bytes) -> Result<(bool, Bytes), ApiError> {
    let length = announced(&body).ok_or(ApiError::Framing("it ends before the message begins"))?;
    let compressed = match body.get_u8() {
        0 => false,
        1 => true,
        _ => return Err(ApiError::Framing("its first byte is neither 0 nor 1")),
    };
    body.advance(PREFIX - 1);
    if body.len() < length {
        return Err(ApiError::Framing("it ends before the message does"));
    }
    if body.len() > length {
        return Err(ApiError::Framing("it goes on after the message"));
    }
    Ok((compressed, body))
}

/// Turns the answer to a gRPC request into one of gRPC: the body becomes a message, and an error a status.
pub async fn answer(request: Request, next: Next) -> Response<Body> {
    if !is_grpc(request.headers()) {
        return next.run(request).await;
    }
    let answer = next.run(request).await;
    let mut response = match answer.extensions().get::<Refused>() {
        Some(refused) => refusal(refused),
        None => success(answer.into_body()).await,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(
        "grpc-accept-encoding",
        HeaderValue::from_static("identity,gzip,zstd"),
    );
    response
}

async fn success(body: Body) -> Response<Body> {
    // The body is one of ours, in memory: reading it does not fail, and it is small.
    let content = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let mut message = BytesMut::with_capacity(PREFIX + content.len());
    message.put_u8(0);
    message.put_u32(content.len() as u32);
    message.put(content);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(message.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    Response::new(Body::new(body))
}

/// Returns an answer without a message, whose status is in the headers.
fn refusal(refused: &Refused) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert("grpc-status", refused.status.code.into());
    headers.insert("grpc-message", escaped(&refused.status.message));
    if let Some(seconds) = refused.retry_after {
        let retry = RetryInfo::after(seconds);
        // Most SDKs read the details of the status, the one for Python the other header.
        insert_binary(headers, "google.rpc.retryinfo-bin", &retry);
        let status = StatusWithRetry::new(&refused.status, &retry);
        insert_binary(headers, "grpc-status-details-bin", &status);
    }
    response
}

fn insert_binary(headers: &mut HeaderMap, name: &'static str, message: &impl Message) {
    let text = BASE64_STANDARD_NO_PAD.encode(message.encode_to_vec());
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(name, value);
    }
}

/// Returns a message with all bytes that are not printable ASCII, and `%`, as `%XX`.
fn escaped(message: &str) -> HeaderValue {
    let mut text = String::with_capacity(message.len());
    for character in message.chars().take(MESSAGE_LENGTH) {
        if matches!(character, ' '..='~') && character != '%' {
            text.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a String does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    // Printable ASCII is a header value.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_message() {
        let read = |body: &'static [u8]| message(Bytes::from_static(body));
        let good = |body| read(body).expect("a message");
        assert_eq!(good(b"\0\0\0\0\0"), (false, Bytes::new()));
        assert_eq!(good(b"\x01\0\0\0\x02ab"), (true, Bytes::from_static(b"ab")));
        for bad in [
            &b""[..],
            b"\0\0\0\0",
            b"\0\0\0\0\x01",
            b"\0\0\0\0\0a",
            b"\x02\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\0\0",
            b"\0\xff\xff\xff\xffa",
        ] {
            assert!(matches!(read(bad), Err(ApiError::Framing(_))), "{bad:?}");
        }
    }

    #[test]
    fn messages_of_errors_are_headers() {
        assert_eq!(escaped("a 100% ä\n"), "a 100%25 %C3%A4%0A");
        assert_eq!(escaped(&"\0".repeat(5000)).len(), 3 * MESSAGE_LENGTH);
    }

    #[test]
    fn content_types() {
        let is = |value: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            is_grpc(&headers)
        };
        assert!(is("application/grpc") && is("application/grpc+proto") && is("Application/gRPC; a=b"));
        assert!(!is("application/grpc-web") && !is("application/grpc+json") && !is("application/json"));
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
