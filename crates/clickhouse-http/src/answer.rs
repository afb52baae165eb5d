//! The client's side of a reply.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use lakefront_api::{Column, Stats};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Exception, Format, LAKE_AGE_HEADER, ReplyError, STORE_REQUESTS_HEADER, Statement, TRUNCATED_HEADER,
};

/// An engine's answer. Times are RFC 3339 in UTC, days `YYYY-MM-DD`, numbers JSON numbers, and NaN is null.
///
/// Whole numbers outside of the ranges of `i64` and `u64` are text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The names and types of the columns.
    pub columns: Vec<Column>,
    /// The rows as arrays, in the order of the columns.
    pub rows: Vec<Vec<Value>>,
    /// True if a limit on rows or bytes cut the answer.
    pub truncated: bool,
    /// The rows and bytes that the engine read.
    pub stats: Stats,
    /// The run time that the engine reports, in milliseconds.
    pub engine_ms: f64,
    /// The answer as a file, for a statement of another [`Format`] than rows. There are no columns and rows then.
    pub file: Vec<u8>,
}

/// The header with the format of a reply.
const FORMAT_HEADER: &str = "x-clickhouse-format";
/// The header with the statistics of a reply, as JSON with numbers in quotes.
const SUMMARY_HEADER: &str = "x-clickhouse-summary";
/// The header with the code of an exception.
const EXCEPTION_CODE_HEADER: &str = "x-clickhouse-exception-code";

/// The most values of an answer. Each takes tens of bytes of memory, however short its text, and a Worker has 128 MB.
const MAX_VALUES: usize = 1_000_000;

/// The largest whole number up to which a double represents every whole number: 2^53 - 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A document of the format `JSONCompact`.
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
    /// The run time in seconds.
    elapsed: f64,
    rows_read: u64,
    bytes_read: u64,
}

impl Answer {
    /// The headers that [`Answer::read`] reads. A caller may leave out all others.
    pub const HEADERS: [&str; 6] = [
        EXCEPTION_CODE_HEADER,
        FORMAT_HEADER,
        SUMMARY_HEADER,
        TRUNCATED_HEADER,
        STORE_REQUESTS_HEADER,
        LAKE_AGE_HEADER,
    ];

    /// Parses the reply to a request that [`crate::Endpoint::request`] made from the same statement.
    ///
    /// # Errors
    /// The engine's exception, in whichever part of the reply it is; another [`ReplyError`] if the reply can't be
    /// parsed.
    pub fn read(
        statement: &Statement,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, ReplyError> {
        if !status.is_success() || headers.contains_key(EXCEPTION_CODE_HEADER) {
            return Err(refusal(status, headers, body));
        }
        if let Some(format) = headers.get(FORMAT_HEADER)
            && format != statement.format.name()
        {
            return Err(ReplyError::Format {
                format: String::from_utf8_lossy(format.as_bytes()).into_owned(),
            });
        }
        let number = |name| {
            headers
                .get(name)
                .and_then(|count| count.to_str().ok()?.parse().ok())
        };
        let stats = |rows_read, bytes_read| Stats {
            rows_read,
            bytes_read,
            store_requests: number(STORE_REQUESTS_HEADER),
            lake_age_ms: number(LAKE_AGE_HEADER),
        };
        let is_cut = headers.contains_key(TRUNCATED_HEADER);
        if statement.format != Format::Rows {
            let summary = summary(headers);
            let count = |name: &str| {
                summary
                    .get(name)
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(0)
            };
            return Ok(Self {
                truncated: is_cut
                    || statement
                        .max_rows
                        .is_some_and(|most| count("result_rows") >= most),
                stats: stats(count("read_rows"), count("read_bytes")),
                engine_ms: summary
                    .get("elapsed_ns")
                    .and_then(|ns| ns.parse::<f64>().ok())
                    .unwrap_or_default()
                    / 1e6,
                file: body.to_vec(),
                ..Self::default()
            });
        }
        // A value and its comma are two bytes.
        if body.len() / 2 > MAX_VALUES && values(body) > MAX_VALUES {
            return Err(ReplyError::TooManyValues { limit: MAX_VALUES });
        }
        let document: Document =
            serde_json::from_slice(&quoted(body)).map_err(|error| broken(body, &error))?;
        if let Some(text) = document.exception {
            return Err(Exception::find(&text)
                .unwrap_or_else(|| Exception::new(0, "", text))
                .into());
        }
        let mut rows = document.data;
        let mut truncated = is_cut;
        if let Some(limit) = statement.max_rows.and_then(|rows| usize::try_from(rows).ok())
            && rows.len() > limit
        {
            rows.truncate(limit);
            truncated = true;
        }
        let Statistics {
            elapsed,
            rows_read,
            bytes_read,
        } = document.statistics;
        Ok(Self {
            columns: document.meta,
            rows,
            truncated,
            stats: stats(rows_read, bytes_read),
            engine_ms: elapsed * 1e3,
            file: Vec::new(),
        })
    }
}

/// Returns the statistics of a reply by name. An engine that sends none has read nothing.
fn summary(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = headers.get(SUMMARY_HEADER).and_then(|text| text.to_str().ok());
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

impl Answer {
    /// Replaces whole numbers beyond 2^53 - 1 by their text. A reader whose numbers are doubles, such as JavaScript,
    /// would round them.
    #[must_use]
    pub fn for_doubles(mut self) -> Self {
        self.rows.iter_mut().flatten().for_each(for_doubles);
        self
    }
}

fn for_doubles(value: &mut Value) {
    match value {
        Value::Number(number)
            if number.as_i64().map(i64::unsigned_abs).or(number.as_u64()) > Some(MAX_SAFE) =>
        {
            *value = Value::String(number.to_string());
        }
        Value::Array(values) => values.iter_mut().for_each(for_doubles),
        Value::Object(values) => values.values_mut().for_each(for_doubles),
        _ => {}
    }
}

/// Returns an upper bound of the number of values in a document, close to the exact number.
fn values(body: &[u8]) -> usize {
    let mut count = 0;
    outside_texts(body, |_, byte| count += usize::from(matches!(byte, b',' | b'[')));
    count
}

/// Calls `each` with the position of every byte outside of JSON strings.
fn outside_texts(body: &[u8], mut each: impl FnMut(usize, u8)) {
    let mut bytes = body.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte != b'"' {
            each(at, byte);
            continue;
        }
        while let Some((_, byte)) = bytes.next() {
            match byte {
                b'"' => break,
                b'\\' => drop(bytes.next()),
                _ => {}
            }
        }
    }
}

/// Puts quotes around whole numbers that fit neither `u64` nor `i64`. Only 128-bit and 256-bit types have such numbers.
fn quoted(body: &[u8]) -> Cow<'_, [u8]> {
    /// The most digits of a `u64`.
    const LONGEST: usize = 20;
    let is_wide = |window: &[u8]| matches!(window, b"Int128" | b"Int256");
    // The column types are at the start of the document.
    let head = body.get(..body.len().min(64 * 1024)).unwrap_or_default();
    if !head.windows(6).any(is_wide) {
        return Cow::Borrowed(body);
    }
    let mut numbers: Vec<(usize, usize)> = Vec::new();
    outside_texts(body, |at, byte| {
        if byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E') {
            match numbers.last_mut() {
                Some((_, end)) if *end == at => *end += 1,
                _ => {
                    // Shorter numbers fit and stay unchanged.
                    if numbers.last().is_some_and(|(begin, end)| end - begin < LONGEST) {
                        numbers.pop();
                    }
                    numbers.push((at, at + 1));
                }
            }
        }
    });
    let mut out = Vec::with_capacity(body.len() + 2 * numbers.len());
    let mut done = 0;
    for (begin, end) in numbers {
        let number = &body[begin..end];
        let text = std::str::from_utf8(number).unwrap_or_default();
        let is_whole = text.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        if is_whole && text.parse::<u64>().is_err() && text.parse::<i64>().is_err() && number.len() >= LONGEST
        {
            out.extend_from_slice(&body[done..begin]);
            out.push(b'"');
            out.extend_from_slice(number);
            out.push(b'"');
            done = end;
        }
    }
    out.extend_from_slice(&body[done..]);
    Cow::Owned(out)
}

/// The most characters of a foreign reply that an error shows.
const SHOWN: usize = 300;

/// Returns the error of a reply that reports a failure in its status or headers.
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

/// Returns the error of a document that can't be parsed. If an exception broke the document off, its text is near the
/// end.
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
    use crate::{Format, ReplyError, Statement};

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
    fn a_file_stays_as_the_engine_wrote_it() {
        let statement = Statement {
            format: Format::Parquet,
            ..Statement::default().max_rows(3)
        };
        let of = |format: &'static str, rows: u64| {
            let summary = format!(
                r#"{{"read_rows":"9","read_bytes":"70","result_rows":"{rows}","elapsed_ns":"2000000"}}"#
            );
            let headers = HeaderMap::from_iter([
                (
                    http::HeaderName::from_static(super::FORMAT_HEADER),
                    HeaderValue::from_static(format),
                ),
                (
                    http::HeaderName::from_static(super::SUMMARY_HEADER),
                    HeaderValue::from_str(&summary).unwrap(),
                ),
            ]);
            Answer::read(&statement, StatusCode::OK, &headers, b"PAR1\xff")
        };
        let whole = of("Parquet", 2).unwrap();
        assert_eq!(
            (whole.file.as_slice(), whole.truncated, whole.rows.len()),
            (&b"PAR1\xff"[..], false, 0)
        );
        assert_eq!((whole.stats.rows_read, whole.stats.bytes_read), (9, 70));
        assert!((whole.engine_ms - 2.0).abs() < 1e-9);
        assert!(of("Parquet", 3).unwrap().truncated);
        assert!(matches!(of("CSV", 2), Err(ReplyError::Format { format }) if format == "CSV"));
    }

    #[test]
    fn wide_numbers_are_exact_as_text() {
        let body = r#"{"meta":[{"name":"a","type":"UInt128"},{"name":"b","type":"Array(Int256)"},{"name":"c","type":"String"},{"name":"d","type":"Float64"}],
            "data":[[340282366920938463463374607431768211455,[-57896044618658097711785492504343953926634992332820282019728792003956564819968,1],"say \"99999999999999999999999, 1\"",1.50000000000000000000000e30]]}"#;
        let answer = read(&Statement::default(), body).expect("an answer");
        assert_eq!(
            answer.rows[0],
            [
                json!("340282366920938463463374607431768211455"),
                json!([
                    "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
                    1
                ]),
                json!("say \"99999999999999999999999, 1\""),
                json!(1.5e30),
            ]
        );
    }

    #[test]
    fn numbers_that_doubles_round_are_text_for_readers_of_doubles() {
        let body = r#"{"meta":[{"name":"n","type":"UInt64"}],"data":[[9007199254740991],[9007199254740992],[-9007199254740992],[[18446744073709551615]],[1e300]]}"#;
        let answer = read(&Statement::default(), body)
            .expect("an answer")
            .for_doubles();
        assert_eq!(
            answer.rows,
            [
                [json!(9_007_199_254_740_991_u64)],
                [json!("9007199254740992")],
                [json!("-9007199254740992")],
                [json!(["18446744073709551615"])],
                [json!(1e300)],
            ]
        );
    }

    #[test]
    fn an_answer_of_too_many_values_is_not_held() {
        let row = format!("[{}0]", "0,".repeat(149));
        let body = |rows: usize| {
            let rows = vec![row.as_str(); rows].join(",");
            format!(r#"{{"meta":[],"data":[{rows}]}}"#)
        };
        assert!(read(&Statement::default(), &body(6_000)).is_ok());
        let error = read(&Statement::default(), &body(7_000)).expect_err("1,050,000 values");
        assert_eq!(error, ReplyError::TooManyValues { limit: 1_000_000 });
        // Commas and brackets within strings do not count.
        let body = format!(r#"{{"meta":[],"data":[["{}\\"]]}}"#, "[,\\\"".repeat(1_000_000));
        assert!(read(&Statement::default(), &body).is_ok());
    }

    #[test]
    fn another_format_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert("x-clickhouse-format", HeaderValue::from_static("CSV"));
        let answer = Answer::read(&Statement::default(), StatusCode::OK, &headers, b"1\n");
        assert_eq!(answer, Err(ReplyError::Format { format: "CSV".into() }));
    }

    #[test]
    fn requests_to_a_store_stand_in_a_header() {
        let mut headers = HeaderMap::new();
        headers.insert(crate::STORE_REQUESTS_HEADER, HeaderValue::from_static("7"));
        headers.insert(crate::LAKE_AGE_HEADER, HeaderValue::from_static("90000"));
        let answer = Answer::read(&Statement::default(), StatusCode::OK, &headers, BODY.as_bytes())
            .expect("an answer");
        assert_eq!(answer.stats.store_requests, Some(7));
        assert_eq!(answer.stats.lake_age_ms, Some(90_000));
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
