//! The HTTP client of the exporters, with retries.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::time::Instant;

use super::tally::{Signal, Tally};

/// The HTTP client of every exporter.
///
/// A request is repeated while the endpoint asks for that. The number of rejected items and the reason are read from
/// the reply, because the exporters do not report them.
#[derive(Debug, Clone)]
pub struct Wire {
    client: reqwest::Client,
    patience: Duration,
    tally: Arc<Tally>,
}

/// `google.rpc.Status`, the body of an OTLP error reply.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl Wire {
    /// Creates a client that repeats requests for `patience` while the endpoint is busy or cannot be reached.
    ///
    /// # Errors
    /// Returns an error if the HTTP client cannot be created.
    pub fn new(patience: Duration, tally: Arc<Tally>) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            client,
            patience,
            tally,
        })
    }

    async fn once(&self, request: &Request<Bytes>) -> reqwest::Result<Response<Bytes>> {
        let reply = self
            .client
            .post(request.uri().to_string())
            .headers(request.headers().clone())
            .body(request.body().clone())
            .send()
            .await?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let mut response = Response::new(reply.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Counts the items that a reply with status 200 rejects.
    fn partial_success(&self, signal: Signal, body: &Bytes) {
        let (refused, reason) = match signal {
            Signal::Logs => ExportLogsServiceResponse::decode(body.clone())
                .ok()
                .and_then(|reply| reply.partial_success)
                .map(|partial| (partial.rejected_log_records, partial.error_message)),
            Signal::Traces => ExportTraceServiceResponse::decode(body.clone())
                .ok()
                .and_then(|reply| reply.partial_success)
                .map(|partial| (partial.rejected_spans, partial.error_message)),
            Signal::Metrics => ExportMetricsServiceResponse::decode(body.clone())
                .ok()
                .and_then(|reply| reply.partial_success)
                .map(|partial| (partial.rejected_data_points, partial.error_message)),
        }
        .unwrap_or_default();
        if refused > 0 {
            self.tally.reject(signal, refused.unsigned_abs());
            self.tally
                .fail(format!("the endpoint refused {refused} items: {reason}"));
        }
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let deadline = Instant::now() + self.patience;
        let mut backoff = Duration::from_millis(100);
        loop {
            let (problem, wait) = match self.once(&request).await {
                Ok(reply) if reply.status().is_success() => {
                    if let Some(signal) = Signal::of_path(request.uri().path()) {
                        self.partial_success(signal, reply.body());
                    }
                    return Ok(reply);
                }
                Ok(reply) if retryable(reply.status()) => (
                    described(request.uri(), &reply),
                    retry_after(&reply).unwrap_or(backoff),
                ),
                Ok(reply) => {
                    self.tally.fail(described(request.uri(), &reply));
                    return Ok(reply);
                }
                Err(error) => (
                    format!("{} can't be reached: {}", request.uri(), innermost(&error)),
                    backoff,
                ),
            };
            if Instant::now() + wait > deadline {
                let waited = self.patience.as_secs();
                self.tally.fail(format!("{problem} (tried again for {waited} s)"));
                return Err(problem.into());
            }
            tokio::time::sleep(wait).await;
            backoff = (backoff * 2).min(Duration::from_secs(5));
        }
    }
}

/// Returns true for a status after which OTLP/HTTP permits a client to repeat the request.
fn retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// Returns the wait that `Retry-After` gives in seconds. The form with a date is not supported, because collectors do
/// not use it.
fn retry_after(reply: &Response<Bytes>) -> Option<Duration> {
    let seconds = reply
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn described(uri: &http::Uri, reply: &Response<Bytes>) -> String {
    let reason = Status::decode(reply.body().clone())
        .map(|status| status.message)
        .unwrap_or_default();
    format!(
        "{uri} answered {}{}{reason}",
        reply.status(),
        if reason.is_empty() { "" } else { ": " }
    )
}

/// Returns the innermost cause of an error. The message of reqwest itself is only "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
