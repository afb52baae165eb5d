use jiff::Timestamp;
use lakefront_api::{BackendChoice, Problem, QueryRequest, Range};

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
        at: request.at.as_deref().map(str::parse).transpose()?,
    })
}
