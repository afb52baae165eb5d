//! Errors as HTTP answers: a status, a `google.rpc.Status` body and, where a retry makes sense, `Retry-After`.
//! [`super::grpc`] makes gRPC answers of them.

use std::time::Duration;

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use lakefront_hosts::Foreign;
use lakefront_otlp::{Exhausted, Format, InvalidBatchId, RequestError, Status, code};

use super::refusals::Refused;
use crate::{error::WalError, otlp::DecompressError};

/// The reasons for which a request is refused, each with its HTTP status.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 401
    #[error("send one of the server's keys as `Authorization: Bearer KEY`")]
    Unauthenticated,
    /// 403
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// 403
    #[error(
        "the key is for pages of other origins; the server allows them by --key-origins (LAKEFRONT_INGEST_KEY_ORIGINS)"
    )]
    KeyOrigin,
    /// 429
    #[error("{0}; the server allows it by --key-budgets (LAKEFRONT_INGEST_KEY_BUDGETS)")]
    Budget(Exhausted),
    /// 403
    #[error(
        "events named {} are Lakefront's own: send them with the key of --router-key (LAKEFRONT_INGEST_ROUTER_KEY), \
         and other events under another name",
        lakefront_otlp::OWN_EVENTS.join(", ")
    )]
    OwnEvent,
    /// 404
    #[error("nothing is at {0}; OTLP goes to /v1/logs, /v1/traces and /v1/metrics")]
    NotFound(String),
    /// 404
    #[error(
        "the gRPC method {0} does not exist; OTLP goes to Export of the services for logs, traces and metrics"
    )]
    NoMethod(String),
    /// 405
    #[error("{0} is not possible on {1}; OTLP is sent with POST")]
    MethodNotAllowed(Method, String),
    /// 408
    #[error("the body did not arrive within {0:?}; send smaller batches")]
    BodyTimeout(Duration),
    /// 408
    #[error("less than {0} bytes of the body arrived within {1:?}; send smaller batches")]
    BodyStalled(usize, Duration),
    /// 413
    #[error(
        "the body is larger than {0} bytes; send smaller batches, or raise --max-body (LAKEFRONT_INGEST_MAX_BODY)"
    )]
    TooLarge(u64),
    /// 415
    #[error(
        "Content-Type must be {} or {}, or application/grpc for a gRPC method",
        Format::Protobuf.media_type(),
        Format::Json.media_type()
    )]
    MediaType,
    /// 415
    #[error("Content-Encoding {0:?} is not supported; use gzip, zstd or none")]
    ContentEncoding(String),
    /// 415
    #[error("grpc-encoding {0:?} is not supported; use gzip, zstd or none")]
    GrpcEncoding(String),
    /// 400
    #[error("the body is not one gRPC message: {0}")]
    Framing(&'static str),
    /// 400
    #[error("the body ended early: {0}")]
    BodyInterrupted(String),
    /// 400
    #[error("the body cannot be decompressed: {0}")]
    Decompress(std::io::Error),
    /// 400; 413 for a body that becomes too large when it is decoded
    #[error("{0}")]
    Request(#[from] RequestError),
    /// 400
    #[error(transparent)]
    BatchId(#[from] InvalidBatchId),
    /// 422
    #[error(
        "this Idempotency-Key (or batch= in the query) named another body before; give each batch an id of its own"
    )]
    OtherBody,
    /// 429
    #[error("too many requests are in flight; retry later")]
    Overloaded,
    /// 429
    #[error(
        "too many requests of this sender are in flight; retry later, or raise --max-in-flight-per-sender \
         (LAKEFRONT_INGEST_MAX_IN_FLIGHT_PER_SENDER)"
    )]
    SenderOverloaded,
    /// 503
    #[error("{0}; retry later")]
    Unavailable(#[from] WalError),
    /// 503
    #[error("the lake cannot be written yet; the request is kept and may be committed later")]
    NotCommitted,
    /// 500
    #[error("an internal error; the request was not taken")]
    Internal,
}

impl ApiError {
    /// Returns the HTTP status, the `google.rpc.Code`, the reason's label in metrics, and the seconds to wait before a
    /// retry.
    fn facts(&self) -> (StatusCode, i32, &'static str, Option<u32>) {
        use StatusCode as S;
        match self {
            Self::Unauthenticated => (S::UNAUTHORIZED, code::UNAUTHENTICATED, "unauthenticated", None),
            Self::Foreign(_) => (S::FORBIDDEN, code::PERMISSION_DENIED, "foreign", None),
            Self::KeyOrigin => (S::FORBIDDEN, code::PERMISSION_DENIED, "key_origin", None),
            Self::Budget(exhausted) => (
                S::TOO_MANY_REQUESTS,
                code::RESOURCE_EXHAUSTED,
                "budget",
                Some(exhausted.retry_seconds()),
            ),
            Self::OwnEvent => (S::FORBIDDEN, code::PERMISSION_DENIED, "own_event", None),
            Self::NotFound(_) => (S::NOT_FOUND, code::NOT_FOUND, "not_found", None),
            Self::NoMethod(_) => (S::NOT_FOUND, code::UNIMPLEMENTED, "not_found", None),
            Self::MethodNotAllowed(..) => (S::METHOD_NOT_ALLOWED, code::UNIMPLEMENTED, "method", None),
            Self::BodyTimeout(_) | Self::BodyStalled(..) => {
                (S::REQUEST_TIMEOUT, code::DEADLINE_EXCEEDED, "timeout", None)
            }
            Self::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, code::INVALID_ARGUMENT, "too_large", None),
            Self::MediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                code::INVALID_ARGUMENT,
                "media_type",
                None,
            ),
            Self::ContentEncoding(_) => (
                S::UNSUPPORTED_MEDIA_TYPE,
                code::INVALID_ARGUMENT,
                "encoding",
                None,
            ),
            Self::GrpcEncoding(_) => (S::UNSUPPORTED_MEDIA_TYPE, code::UNIMPLEMENTED, "encoding", None),
            Self::Framing(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT, "framing", None),
            Self::BodyInterrupted(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT, "interrupted", None),
            Self::Decompress(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT, "compression", None),
            Self::Request(RequestError::Expands { .. }) => {
                (S::PAYLOAD_TOO_LARGE, code::INVALID_ARGUMENT, "expands", None)
            }
            Self::Request(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT, "payload", None),
            Self::BatchId(_) => (S::BAD_REQUEST, code::INVALID_ARGUMENT, "batch_id", None),
            Self::OtherBody => (
                S::UNPROCESSABLE_ENTITY,
                code::INVALID_ARGUMENT,
                "other_body",
                None,
            ),
            Self::Overloaded => (
                S::TOO_MANY_REQUESTS,
                code::RESOURCE_EXHAUSTED,
                "in_flight",
                Some(1),
            ),
            Self::SenderOverloaded => (
                S::TOO_MANY_REQUESTS,
                code::RESOURCE_EXHAUSTED,
                "sender_in_flight",
                Some(1),
            ),
            Self::Unavailable(WalError::Full) => {
                (S::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "wal_full", Some(5))
            }
            Self::Unavailable(WalError::NoRoom { .. }) => {
                (S::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "disk_full", Some(5))
            }
            Self::Unavailable(_) => (S::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "wal", Some(5)),
            Self::NotCommitted => (
                S::SERVICE_UNAVAILABLE,
                code::UNAVAILABLE,
                "not_committed",
                Some(5),
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, code::INTERNAL, "internal", None),
        }
    }

    /// Returns the reason's label in metrics.
    pub fn reason(&self) -> &'static str {
        self.facts().2
    }

    /// Returns the answer in the format of the request.
    pub fn response(&self, format: Format) -> Response {
        let (http, code, reason, retry_after) = self.facts();
        let status = Status {
            code,
            message: self.to_string(),
        };
        let mut response = (
            http,
            [(header::CONTENT_TYPE, format.header_value())],
            status.encode_as(format),
        )
            .into_response();
        response.extensions_mut().insert(Refused {
            reason,
            status,
            retry_after,
        });
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if http == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }

    /// Returns the error for a failed decompression.
    pub fn of_decompress(error: DecompressError) -> Self {
        match error {
            DecompressError::TooLarge { limit } => Self::TooLarge(limit as u64),
            DecompressError::Invalid(error) => Self::Decompress(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.response(Format::Json)
    }
}
