use std::collections::BTreeSet;

use jiff::Timestamp;
use lakefront_api::{BackendChoice, Problem, ProblemType, QueryRequest, Range};

use crate::past::Past;
use crate::{Definition, catalogue, params, range, zone};

/// A request whose every part is known to be good.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The query.
    pub query: &'static Definition,
    /// What is answered: the ends have moved outward to the query's bucket.
    pub range: Range,
    /// The zone's name as engines spell it.
    pub tz: String,
    /// The query's own parameters as text, defaults filled in.
    pub params: Vec<(String, String)>,
    /// Which engine may answer.
    pub backend: BackendChoice,
    /// How far behind the lake an answer may be, in seconds, where the caller says so.
    pub(crate) max_lag: Option<u64>,
    /// A point in the lake's past, where one is asked for.
    pub(crate) at: Option<Past>,
}

/// Checks a request and fills in what it leaves out.
///
/// # Errors
/// [`NotFound`](lakefront_api::ProblemType::NotFound) for an unknown query, else
/// [`BadRequest`](lakefront_api::ProblemType::BadRequest), naming the field.
pub fn resolve(request: &QueryRequest, now: Timestamp) -> Result<Resolved, Problem> {
    let query = catalogue::find(&request.query)?;
    let (zone, tz) = zone::zone(&request.tz)?;
    Ok(Resolved {
        query,
        range: range::range(request.time_range, query.info.bucket, &zone, now)?,
        tz,
        params: params::params(&request.params, &query.info.params)?,
        backend: request.backend,
        max_lag: request.max_lag_seconds,
        at: request.at.as_deref().map(|at| past(at, query)).transpose()?,
    })
}

/// A snapshot is one table's: a query over several can only be asked for a time.
fn past(at: &str, query: &Definition) -> Result<Past, Problem> {
    let past = at.parse()?;
    if matches!(past, Past::Snapshot(_)) && tables(&query.lake_sql).len() > 1 {
        let detail = format!(
            "at: {} reads several tables, each with snapshots of its own; give a time",
            query.info.name
        );
        return Err(Problem::new(ProblemType::BadRequest, detail));
    }
    Ok(past)
}

/// The lake's tables that a statement reads.
fn tables(sql: &str) -> BTreeSet<&str> {
    let words = sql.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("otel_")).collect()
}
