use http::{HeaderMap, StatusCode};
use lakefront_api::{Column, Stats};
use serde::Deserialize;
use serde_json::Value;

use crate::{Exception, ReplyError, STORE_REQUESTS_HEADER, Statement, TRUNCATED_HEADER};

/// What an engine answered: times are RFC 3339 in UTC, days `YYYY-MM-DD`, numbers are numbers, NaN is null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Names and types.
    pub columns: Vec<Column>,
    /// Rows as arrays, in the order of the columns.
    pub rows: Vec<Vec<Value>>,
    /// Whether a limit on rows or bytes cut the answer.
    pub truncated: bool,
    /// What the engine read.
    pub stats: Stats,
    /// How long the engine says it took, in milliseconds.
    pub engine_ms: f64,
}

/// The format `JSONCompact`.
#[derive(Deserialize)]
struct Document {
    meta: Vec<Column>,
    data: Vec<Vec<Value>>,
    #[serde(default)]
    statistics: Statistics,
    exception: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Statistics {
    /// Seconds.
    elapsed: f64,
    rows_read: u64,
    bytes_read: u64,
}

impl Answer {
    /// Reads the reply to a request made by [`crate::Endpoint::request`] from the same statement.
    ///
    /// # Errors
    /// The engine's exception, wherever in the reply it stands; else what is wrong with the reply.
    pub fn read(
        statement: &Statement,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, ReplyError> {
        if !status.is_success() || headers.contains_key("x-clickhouse-exception-code") {
            return Err(refusal(status, headers, body));
        }
        let document: Document = serde_json::from_slice(body).map_err(|error| broken(body, &error))?;
        if let Some(text) = document.exception {
            return Err(Exception::find(&text)
                .unwrap_or_else(|| Exception::new(0, "", text))
                .into());
        }
        let mut rows = document.data;
        let mut truncated = headers.contains_key(TRUNCATED_HEADER);
        if let Some(limit) = statement.max_rows.and_then(|rows| usize::try_from(rows).ok())
            && rows.len() > limit
        {
            rows.truncate(limit);
            truncated = true;
        }
        let store_requests = headers
            .get(STORE_REQUESTS_HEADER)
            .and_then(|count| count.to_str().ok()?.parse().ok());
        let Statistics {
            elapsed,
            rows_read,
            bytes_read,
        } = document.statistics;
        Ok(Self {
            columns: document.meta,
            rows,
            truncated,
            stats: Stats {
                rows_read,
                bytes_read,
                store_requests,
            },
            engine_ms: elapsed * 1e3,
        })
    }
}

/// How much of a reply that is no ClickHouse's is shown.
const SHOWN: usize = 300;

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ReplyError {
    let text = String::from_utf8_lossy(body);
    if let Some(exception) = Exception::find(&text) {
        return exception.into();
    }
    let code = headers
        .get("x-clickhouse-exception-code")
        .and_then(|code| code.to_str().ok()?.parse().ok());
    let text: String = text.trim().chars().take(SHOWN).collect();
    match code {
        Some(code) => Exception::new(code, "", text).into(),
        None => ReplyError::Status {
            status: status.as_u16(),
            text,
        },
    }
}

/// A document that can't be read may hold the exception that broke it off, near its end.
fn broken(body: &[u8], error: &serde_json::Error) -> ReplyError {
    const TAIL: usize = 64 * 1024;
    let tail = String::from_utf8_lossy(body.get(body.len().saturating_sub(TAIL)..).unwrap_or_default());
    Exception::find(&tail).map_or_else(
        || ReplyError::Malformed {
            reason: error.to_string(),
        },
        Into::into,
    )
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};
    use serde_json::json;

    use super::Answer;
    use crate::{ReplyError, Statement};

    fn read(statement: &Statement, body: &str) -> Result<Answer, ReplyError> {
        Answer::read(statement, StatusCode::OK, &HeaderMap::new(), body.as_bytes())
    }

    const BODY: &str = r#"{"meta":[{"name":"t","type":"DateTime64(6, 'UTC')"},{"name":"n","type":"UInt64"}],
        "data":[["2026-03-24T12:00:00.000001Z",18446744073709551615],["2026-03-24T12:00:01.000000Z",null]],
        "rows":2,"statistics":{"elapsed":0.0068,"rows_read":812,"bytes_read":40960}}"#;

    #[test]
    fn a_document() {
        let answer = read(&Statement::default(), BODY).expect("an answer");
        assert_eq!(answer.columns[0].data_type, "DateTime64(6, 'UTC')");
        assert_eq!(
            answer.rows[0],
            [json!("2026-03-24T12:00:00.000001Z"), json!(u64::MAX)]
        );
        assert_eq!((answer.stats.rows_read, answer.stats.bytes_read), (812, 40960));
        assert!((answer.engine_ms - 6.8).abs() < 1e-9);
        assert!(!answer.truncated);
        assert_eq!(answer.stats.store_requests, None);
    }

    #[test]
    fn requests_to_a_store_stand_in_a_header() {
        let mut headers = HeaderMap::new();
        headers.insert(crate::STORE_REQUESTS_HEADER, HeaderValue::from_static("7"));
        let answer = Answer::read(&Statement::default(), StatusCode::OK, &headers, BODY.as_bytes())
            .expect("an answer");
        assert_eq!(answer.stats.store_requests, Some(7));
    }

    #[test]
    fn a_cut_shows() {
        assert!(
            !read(&Statement::default().max_rows(2), BODY)
                .expect("fits")
                .truncated
        );
        let cut = read(&Statement::default().max_rows(1), BODY).expect("cut");
        assert_eq!((cut.rows.len(), cut.truncated), (1, true));
        let mut headers = HeaderMap::new();
        headers.insert(crate::TRUNCATED_HEADER, HeaderValue::from_static("bytes"));
        let cut =
            Answer::read(&Statement::default(), StatusCode::OK, &headers, BODY.as_bytes()).expect("cut");
        assert!(cut.truncated, "the engine cut it");
    }

    #[test]
    fn exceptions_wherever_they_stand() {
        let text = "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7)";
        let broken = BODY.replace("null]],", text);
        let field = BODY.replace("\"rows\":2", &format!("\"exception\":\"{text}\""));
        for (status, body) in [(500, text), (200, &*broken), (200, &*field)] {
            let status = StatusCode::from_u16(status).expect("a status");
            let error = Answer::read(&Statement::default(), status, &HeaderMap::new(), body.as_bytes())
                .expect_err(body);
            assert_eq!(
                error.exception().map(|exception| exception.code),
                Some(241),
                "{body}"
            );
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-clickhouse-exception-code", HeaderValue::from_static("202"));
        let error = Answer::read(
            &Statement::default(),
            StatusCode::SERVICE_UNAVAILABLE,
            &headers,
            b"later",
        );
        assert_eq!(
            error
                .expect_err("busy")
                .exception()
                .map(|exception| exception.code),
            Some(202)
        );
    }

    #[test]
    fn not_a_clickhouse() {
        let error = Answer::read(
            &Statement::default(),
            StatusCode::BAD_GATEWAY,
            &HeaderMap::new(),
            b"<html>",
        );
        assert_eq!(
            error,
            Err(ReplyError::Status {
                status: 502,
                text: "<html>".into()
            })
        );
        assert!(matches!(
            read(&Statement::default(), "Ok.\n"),
            Err(ReplyError::Malformed { .. })
        ));
    }
}
