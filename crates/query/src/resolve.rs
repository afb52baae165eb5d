//! Resolves a request: checks each field, and fills in defaults.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use lakefront_api::{BackendChoice, Problem, ProblemType, QueryRequest, Range, time_zone};

use crate::time_travel::AsOf;
use crate::{Definition, catalogue, params, range};

/// A checked request: every field is valid, and defaults are filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The definition of the requested query.
    pub query: Cow<'static, Definition>,
    /// The range to answer: the requested one, with its ends moved outward to the query's bucket.
    pub range: Range,
    /// The IANA name of the time zone, spelled as engines expect it.
    pub tz: String,
    /// Names and values of the query's own parameters, as text, defaults filled in.
    pub params: Vec<(String, String)>,
    /// The engine that the caller requested, or `auto`.
    pub backend: BackendChoice,
    /// The caller's limit on how far the answer may be behind the lake, in seconds, if the request has one.
    pub(crate) max_lag: Option<u64>,
    /// The point in the lake's past to answer from, if the request names one.
    pub(crate) at: Option<AsOf>,
    /// The range of the search of which this is a slice. The accepted lag depends on it.
    pub(crate) whole: Option<Range>,
}

/// Checks a request and fills in its defaults.
///
/// # Errors
/// [`NotFound`](lakefront_api::ProblemType::NotFound) for an unknown query.
/// [`BadRequest`](lakefront_api::ProblemType::BadRequest) for any other fault, with the name of the field.
pub fn resolve(request: &QueryRequest, now: Timestamp) -> Result<Resolved, Problem> {
    let query = catalogue::find(&request.query)?;
    let zone = time_zone(&request.tz)?;
    let at = request.at.as_deref().map(|at| as_of(at, query)).transpose()?;
    // "The last 24 hours" of a past state are those before it.
    let end = at.map_or(now, |at| at.end(now));
    Ok(Resolved {
        query: Cow::Borrowed(query),
        range: range::range(request.time_range, query.info.bucket, &zone, end)?,
        tz: zone.iana_name().unwrap_or("UTC").to_owned(),
        params: params::params(&request.params, &query.info.params)?,
        backend: request.backend,
        max_lag: request.max_lag_seconds,
        at,
        whole: None,
    })
}

/// Parses the requested point in the past. A snapshot belongs to one table, so that a query over several tables accepts
/// a time only.
fn as_of(at: &str, query: &Definition) -> Result<AsOf, Problem> {
    let as_of = at.parse()?;
    if matches!(as_of, AsOf::Snapshot(_)) && tables(&query.lake_sql).len() > 1 {
        let detail = format!(
            "at: {} reads several tables, each with snapshots of its own; give a time",
            query.info.name
        );
        return Err(Problem::new(ProblemType::BadRequest, detail));
    }
    Ok(as_of)
}

/// Returns the names of the lake's tables that a statement reads.
fn tables(sql: &str) -> BTreeSet<&str> {
    let words = sql.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("otel_")).collect()
}
