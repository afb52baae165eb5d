use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, Range, Reason};

use crate::range::until;
use crate::{Resolved, Statement};

/// The longest a request may take, whatever is tried.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(45);

/// One engine, asked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The engine's name in the configuration.
    pub backend: String,
    /// Why this engine.
    pub reason: Reason,
    /// What it is asked.
    pub statement: Statement,
    /// How long it may take.
    pub deadline: Duration,
    /// When the engine was last known to hold all of the lake's head, the oldest over what is read. None for the lake
    /// itself, which is read as it is.
    pub as_of: Option<Timestamp>,
}

/// A query's own parameters and those of its range, for an engine that has all data before `held`.
pub fn params(resolved: &Resolved, range: Range, held: Timestamp) -> Vec<(String, String)> {
    let mut params = resolved.params.clone();
    params.push(("from".into(), engine_time(range.from)));
    params.push(("to".into(), engine_time(range.to)));
    if resolved.query.look_back_days > 0 {
        params.push(("since".into(), engine_time(since(resolved, range))));
    }
    if resolved.query.lake_sql.contains("{until:") {
        params.push(("until".into(), engine_time(until(range, held))));
    }
    if resolved.query.lake_sql.contains("{step:") {
        let step = match resolved.query.info.grain(range) {
            Bucket::Day => "day",
            _ => "hour",
        };
        params.push(("step".into(), step.into()));
    }
    params.push(("tz".into(), resolved.tz.clone()));
    params
}

/// From when on a query reads: where its range begins, or as long before as it looks back.
pub fn since(resolved: &Resolved, range: Range) -> Timestamp {
    let back = SignedDuration::from_hours(24 * i64::from(resolved.query.look_back_days));
    // Engines have no times before 1970.
    (range.from - back).max(Timestamp::UNIX_EPOCH.min(range.from))
}

/// An instant as engines read it: UTC, whole microseconds.
fn engine_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
