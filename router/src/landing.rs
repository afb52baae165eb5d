//! Telemetry that the Worker takes itself: a request becomes chunks of rows for streams.
//!
//! The rules for a request are those of ingest, from `lakefront-otlp`. The rows are those of `lakefront-otel`, in the
//! form of `lakefront-landing`. Streams promise no more than to keep what they have taken, so that a request is
//! acknowledged only once they have taken all rows that they can.

#[cfg(target_arch = "wasm32")]
mod budgets;
mod delivery;
#[cfg(target_arch = "wasm32")]
mod send;
#[cfg(target_arch = "wasm32")]
mod usage;

use std::net::{IpAddr, SocketAddr};

use arrow_array::RecordBatch;
use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, AUTHORIZATION, CONTENT_ENCODING, ORIGIN, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use lakefront_landing::{Chunk, ChunkKey, Chunks, Events, TooLarge, landing_table};
use lakefront_otel::arrow::{AppendError, LogsBuilder, MetricsBuilder, TracesBuilder};
use lakefront_otel::decode::{Request, Signal};
use lakefront_otel::map::{Pseudonym, RequestContext};
use lakefront_otel::{LOGS, TRACES};
use lakefront_otlp::{
    BatchId, Client, Exhausted, Format, InvalidBatchId, Limits, OWN_EVENTS, PartialSuccess, RequestError,
    Status, Usage, accept, code, day_key, given_key, has_own_events, skew_micros,
};

use crate::config::Landing;

pub use delivery::{Delivery, Outcome, next_wait};
#[cfg(target_arch = "wasm32")]
pub use send::{answer, send_own};

/// The largest body, before and after decompression, in bytes. An isolate has 128 MB for everything.
pub const MAX_BODY: usize = 4 << 20;

/// The limits on a decoded request, for the same reason.
const LIMITS: Limits = Limits {
    decoded: 6 * MAX_BODY,
    columns: 8 * MAX_BODY,
};

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// The seconds after which a sender should repeat a request that streams did not take.
const RETRY_SECONDS: u32 = 5;

/// The head of a request.
#[derive(Debug)]
pub struct Head<'a> {
    /// The signal of the path.
    pub signal: Signal,
    /// The method.
    pub method: &'a Method,
    /// The address with its query.
    pub uri: &'a Uri,
    /// The headers. `cf-ipcountry` is the platform's.
    pub headers: &'a HeaderMap,
    /// The address of the sender, as the platform gives it.
    pub sender: Option<IpAddr>,
    /// The time of arrival, in microseconds since 1970 UTC.
    pub arrival: i64,
    /// True if this Worker itself sends, which alone may send [`OWN_EVENTS`].
    pub is_own: bool,
}

/// The compression of a body that the Worker decompresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// None.
    Identity,
    /// `gzip`
    Gzip,
}

/// The reasons for which a request is refused, each with its HTTP status.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// 401
    #[error("send one of the keys in INGEST_KEYS as `Authorization: Bearer KEY`")]
    Unauthenticated,
    /// 403
    #[error("the key is for pages of other origins")]
    KeyOrigin,
    /// 403
    #[error("events named {} are Lakefront's own: send other events under another name", OWN_EVENTS.join(", "))]
    OwnEvent,
    /// 429
    #[error("{0}; the Worker allows it by INGEST_KEY_BUDGETS")]
    Budget(Exhausted),
    /// 405
    #[error("OTLP is sent with POST")]
    Method,
    /// 415
    #[error(
        "Content-Type must be {} or {}",
        Format::Protobuf.media_type(),
        Format::Json.media_type()
    )]
    MediaType,
    /// 415
    #[error("Content-Encoding {0:?} is not supported; use gzip or none")]
    ContentEncoding(String),
    /// 413
    #[error("the body is larger than {MAX_BODY} bytes; send smaller batches")]
    TooLarge,
    /// 400
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// 400; 413 for a body that becomes too large when it is decoded
    #[error(transparent)]
    Request(#[from] RequestError),
    /// 413
    #[error(transparent)]
    Append(#[from] AppendError),
    /// 400
    #[error(transparent)]
    BatchId(#[from] InvalidBatchId),
    /// 503
    #[error("{0}; send again in {RETRY_SECONDS} seconds")]
    NotTaken(String),
}

impl Refusal {
    fn facts(&self) -> (StatusCode, i32) {
        use StatusCode as S;
        match self {
            Self::Unauthenticated => (S::UNAUTHORIZED, code::UNAUTHENTICATED),
            Self::KeyOrigin | Self::OwnEvent => (S::FORBIDDEN, code::PERMISSION_DENIED),
            Self::Budget(_) => (S::TOO_MANY_REQUESTS, code::RESOURCE_EXHAUSTED),
            Self::Method => (S::METHOD_NOT_ALLOWED, code::UNIMPLEMENTED),
            Self::MediaType | Self::ContentEncoding(_) => (S::UNSUPPORTED_MEDIA_TYPE, code::INVALID_ARGUMENT),
            Self::TooLarge | Self::Request(RequestError::Expands { .. }) | Self::Append(_) => {
                (S::PAYLOAD_TOO_LARGE, code::INVALID_ARGUMENT)
            }
            Self::Body(_) | Self::Request(_) | Self::BatchId(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT),
            Self::NotTaken(_) => (S::SERVICE_UNAVAILABLE, code::UNAVAILABLE),
        }
    }

    /// Returns the reason in one word.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::KeyOrigin => "key_origin",
            Self::OwnEvent => "own_event",
            Self::Budget(_) => "budget",
            Self::Method => "method",
            Self::MediaType => "media_type",
            Self::ContentEncoding(_) => "encoding",
            Self::TooLarge => "too_large",
            Self::Body(_) => "interrupted",
            Self::Request(RequestError::Expands { .. }) | Self::Append(_) => "expands",
            Self::Request(_) => "payload",
            Self::BatchId(_) => "batch_id",
            Self::NotTaken(_) => "not_taken",
        }
    }

    /// Returns the seconds after which the sender may send again.
    fn retry_seconds(&self) -> Option<u32> {
        match self {
            Self::Budget(exhausted) => Some(exhausted.retry_seconds()),
            Self::NotTaken(_) => Some(RETRY_SECONDS),
            _ => None,
        }
    }

    /// Returns the answer in the format of the request.
    pub fn response(&self, format: Format) -> Response<Vec<u8>> {
        let (http, code) = self.facts();
        let status = Status {
            code,
            message: self.to_string(),
        };
        let mut response = reply(http, format, status.encode_as(format));
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_seconds() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if http == StatusCode::UNAUTHORIZED {
            headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Returns an answer with a body in that format.
pub(crate) fn reply(status: StatusCode, format: Format, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, format.header_value());
    response
}

/// Returns the headers with which a browser lets a page of any origin send, and read the answer.
///
/// They name the origin and allow credentials, because `sendBeacon` always sends credentials. They count for nothing here:
/// a key is a header that only a page's script can set.
pub fn cross_origin(request: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let Some(origin) = request.get(ORIGIN) else {
        return Vec::new();
    };
    let fixed = |name: &'static str, value: &'static str| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let mut headers = vec![
        (http::header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
        fixed("access-control-allow-credentials", "true"),
        fixed("access-control-allow-methods", "POST"),
        // A page compares the date with the clock of its device.
        fixed("access-control-expose-headers", "retry-after,date"),
        fixed("access-control-max-age", "7200"),
        fixed("vary", "origin"),
    ];
    let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS);
    headers.extend(wanted.map(|wanted| (http::header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone())));
    headers
}

impl Head<'_> {
    /// Returns the name of the key that the request carries, if it is one of the keys.
    pub fn key_name<'a>(&self, landing: &'a Landing) -> Option<&'a str> {
        given_key(self.headers).and_then(|key| landing.keys.name_of(key))
    }

    /// Returns the format and the compression of the body of a request that may be taken.
    ///
    /// # Errors
    /// Returns a refusal if the body need not be read.
    pub fn check(&self, landing: &Landing) -> Result<(Format, Compression), Refusal> {
        if !landing.keys.is_open() {
            let name = self.key_name(landing).ok_or(Refusal::Unauthenticated)?;
            if !landing.key_origins.allow(name, self.headers) {
                return Err(Refusal::KeyOrigin);
            }
        }
        if self.method != Method::POST {
            return Err(Refusal::Method);
        }
        let format = Format::of(self.headers).ok_or(Refusal::MediaType)?;
        let encoding = self.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let encoding = encoding.unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let compression = match encoding.as_slice() {
            b"" | b"identity" => Compression::Identity,
            b"gzip" | b"x-gzip" => Compression::Gzip,
            other => {
                return Err(Refusal::ContentEncoding(
                    String::from_utf8_lossy(other).into_owned(),
                ));
            }
        };
        BatchId::of(self.headers, self.uri)?;
        Ok((format, compression))
    }

    /// Makes rows of a decompressed body. `nonce` tells requests apart that may be two different ones although they are
    /// equal.
    ///
    /// # Errors
    /// Returns a refusal if the body is no OTLP of the signal, or too large in memory.
    pub fn rows(
        &self,
        landing: &Landing,
        format: Format,
        body: &[u8],
        nonce: [u8; 16],
    ) -> Result<Rows, Refusal> {
        let skew = skew_micros(self.headers, self.uri, self.arrival);
        let accepted = accept(self.signal, format, body, self.arrival, skew, LIMITS)?;
        if !self.is_own && has_own_events(&accepted.request) {
            return Err(Refusal::OwnEvent);
        }
        let id = BatchId::of(self.headers, self.uri)?;
        let authorization = self
            .headers
            .get(AUTHORIZATION)
            .filter(|_| !landing.keys.is_open());
        // Without an id and without times, two equal requests may be two different ones.
        let nonce = match id.is_some() || accepted.timed {
            true => &[][..],
            false => &nonce,
        };
        let key = ChunkKey::new([
            authorization.map_or(&[][..], HeaderValue::as_bytes),
            self.signal.name().as_bytes(),
            id.as_ref().map_or("", BatchId::as_str).as_bytes(),
            if id.is_some() { &[] } else { body },
            nonce,
        ]);
        let peer = SocketAddr::from((self.sender.unwrap_or(IpAddr::from([0, 0, 0, 0])), 0));
        // The platform stands in front like one proxy. Without X-Forwarded-For, the peer's address counts.
        let client = Client::of(self.headers, peer, 1);
        let day = self.arrival.div_euclid(DAY_MICROS);
        let sender = landing.visitor_secret.as_ref().filter(|_| self.sender.is_some());
        let context = RequestContext {
            sender: sender.map(|secret| Pseudonym::new(&day_key(secret, day), client.address)),
            user_agent: &client.user_agent,
            country: &client.country,
            arrival: self.arrival,
        };
        let mut usage = Usage::default();
        if !self.is_own {
            usage.accepted(self.key_name(landing).unwrap_or_default(), self.signal, &accepted);
        }
        Ok(Rows {
            usage,
            partial: accepted.partial_success(),
            tables: tables(&accepted.request, &context, accepted.column_bytes)?,
            key,
            accepted: self.arrival,
        })
    }
}

/// The rows of a request.
#[derive(Debug)]
pub struct Rows {
    /// The records that were rejected and the values that were changed.
    pub partial: PartialSuccess,
    /// The counts of the request, for the Usage page.
    pub usage: Usage,
    tables: Vec<(&'static str, RecordBatch)>,
    key: ChunkKey,
    accepted: i64,
}

impl Rows {
    /// Returns the rows of a signal that has live tails.
    pub fn of_tail(&self) -> Option<(lakefront_api::Signal, RecordBatch)> {
        self.tables.iter().find_map(|(of, batch)| {
            let signal = match *of {
                LOGS => lakefront_api::Signal::Logs,
                TRACES => lakefront_api::Signal::Traces,
                _ => return None,
            };
            Some((signal, batch.clone()))
        })
    }

    /// Returns the chunks of the rows, with the names of their tables.
    pub fn chunks(&self) -> impl Iterator<Item = (&'static str, Result<Chunk, TooLarge>)> {
        self.tables.iter().flat_map(|(of, batch)| {
            let events = landing_table(of).map(|table| Events::new(table, batch));
            let events = events.into_iter().flatten();
            Chunks::new(of, self.key, self.accepted, events).map(move |chunk| (*of, chunk))
        })
    }
}

/// Returns the rows of a request by table, without empty tables. The keeper numbers them.
fn tables(
    request: &Request,
    context: &RequestContext<'_>,
    bytes: usize,
) -> Result<Vec<(&'static str, RecordBatch)>, AppendError> {
    let mut tables = match request {
        Request::Logs(logs) => {
            let mut builder = LogsBuilder::new();
            builder.append_sized(logs, context, 0, bytes)?;
            vec![(LOGS, builder.finish())]
        }
        Request::Traces(traces) => {
            let mut builder = TracesBuilder::new();
            builder.append_sized(traces, context, 0, bytes)?;
            vec![(TRACES, builder.finish())]
        }
        Request::Metrics(metrics) => {
            let mut builder = MetricsBuilder::new();
            builder.append_sized(metrics, context, 0, bytes)?;
            builder.finish()
        }
    };
    tables.retain(|(_, batch)| batch.num_rows() > 0);
    Ok(tables)
}

#[cfg(test)]
mod tests;
