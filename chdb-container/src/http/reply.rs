//! Replies of the ClickHouse HTTP interface.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use lakefront_clickhouse_http::{
    DRAINING_HEADER, LAKE_AGE_HEADER, STORE_REQUESTS_HEADER, TRUNCATED_HEADER, content_type, status_of,
};
use serde_json::json;
use tower_http::compression::predicate::Predicate;

use crate::Error;
use crate::engine::{Output, TruncatedBy};

/// A marker on replies whose caller allows compression.
#[derive(Clone, Copy)]
pub struct MayCompress;

/// The rule that compresses only replies marked with [`MayCompress`].
#[derive(Clone, Copy)]
pub struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B>(&self, response: &Response<B>) -> bool {
        response.extensions().get::<MayCompress>().is_some()
    }
}

/// Returns an answer in ClickHouse's form: the engine's bytes as the body, statistics and the format in headers.
pub fn answer(output: Output, query_id: &str, took: Duration) -> Response<Body> {
    let summary = json!({
        "read_rows": output.rows_read.to_string(),
        "read_bytes": output.bytes_read.to_string(),
        "written_rows": output.rows_written.to_string(),
        "written_bytes": output.bytes_written.to_string(),
        "total_rows_to_read": "0",
        "result_rows": output.rows.to_string(),
        "result_bytes": output.result_bytes.to_string(),
        "elapsed_ns": took.as_nanos().to_string(),
    });
    let mut headers = common(query_id);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(content_type(&output.format)),
    );
    insert(&mut headers, "x-clickhouse-format", &output.format);
    insert(&mut headers, "x-clickhouse-summary", &summary.to_string());
    if let Some(cut) = output.truncated {
        let limit = match cut {
            TruncatedBy::Rows => "rows",
            TruncatedBy::Bytes => "bytes",
        };
        insert(&mut headers, TRUNCATED_HEADER, limit);
    }
    if let Some(requests) = output.store_requests {
        insert(&mut headers, STORE_REQUESTS_HEADER, &requests.to_string());
    }
    if let Some(age) = output.lake_age {
        insert(&mut headers, LAKE_AGE_HEADER, &age.as_millis().to_string());
    }
    (headers, output.bytes).into_response()
}

/// Returns an error in ClickHouse's form: the exception's text as the body, its code in a header, and the status of
/// that code.
pub fn error(error: &Error, query_id: &str, version: &str) -> Response<Body> {
    let exception = error.exception();
    let mut headers = common(query_id);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=UTF-8"),
    );
    insert(
        &mut headers,
        "x-clickhouse-exception-code",
        &exception.code.to_string(),
    );
    if let Some(after) = error.retry_after() {
        insert(&mut headers, RETRY_AFTER.as_str(), &after.as_secs().to_string());
    }
    if matches!(error, Error::ShuttingDown) {
        insert(&mut headers, DRAINING_HEADER, "1");
    }
    (
        status(error),
        headers,
        format!("{exception} (version {version} (chDB))\n"),
    )
        .into_response()
}

/// Returns the HTTP status of an error.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthorized => StatusCode::UNAUTHORIZED,
        error => status_of(error.exception().code),
    }
}

/// Returns the headers of every reply.
fn common(query_id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert(&mut headers, "x-clickhouse-server-display-name", "lakefront-chdb");
    insert(&mut headers, "x-clickhouse-timezone", "UTC");
    insert(&mut headers, "x-clickhouse-query-id", query_id);
    headers
}

/// Adds a header. A value that is invalid in a header, such as a caller's query id, is left out.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
