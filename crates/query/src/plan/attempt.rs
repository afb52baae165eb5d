//! One attempt of a plan, and the parameters of its statement.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, Range, Reason};
use lakefront_clickhouse_http::{Param, Statement};

use crate::Resolved;
use crate::range::until;

/// The longest time that a request may take, over all its attempts.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(45);

/// One try of one engine with one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The engine's name in the configuration.
    pub backend: String,
    /// The reason for which the plan chose this engine.
    pub reason: Reason,
    /// The statement to send.
    pub statement: Statement,
    /// The longest time that the engine may take.
    pub deadline: Duration,
    /// The last time at which the engine was known to hold everything the lake had committed. With several tables it is
    /// the oldest of their times. `None` for chDB, which reads the lake itself.
    pub as_of: Option<Timestamp>,
}

/// Returns names and values of a query's own parameters and of those for its range. The engine has all data up to
/// `complete_until`.
pub fn params(resolved: &Resolved, range: Range, complete_until: Timestamp) -> Vec<(String, Param)> {
    let own = resolved.params.iter();
    let mut params: Vec<_> = own
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    params.push(("from".into(), engine_time(range.from).into()));
    params.push(("to".into(), engine_time(range.to).into()));
    if resolved.query.look_back_days > 0 {
        params.push(("since".into(), engine_time(since(resolved, range)).into()));
    }
    if resolved.query.lake_sql.contains("{until:") {
        params.push(("until".into(), engine_time(until(range, complete_until)).into()));
    }
    if resolved.query.lake_sql.contains("{step:") {
        let step = match resolved.query.info.grain(range) {
            Bucket::Day => "day",
            _ => "hour",
        };
        params.push(("step".into(), step.into()));
    }
    params.push(("tz".into(), resolved.tz.as_str().into()));
    params
}

/// Returns the time from which on a query reads: the start of its range, minus the days it looks back.
pub fn since(resolved: &Resolved, range: Range) -> Timestamp {
    let back = SignedDuration::from_hours(24 * i64::from(resolved.query.look_back_days));
    // Engines cannot represent times before 1970.
    (range.from - back).max(Timestamp::UNIX_EPOCH.min(range.from))
}

/// Formats an instant as engines read it: UTC, whole microseconds.
pub fn engine_time(time: Timestamp) -> String {
    // `strftime` would add its other formats to the Worker.
    let at = jiff::tz::Offset::UTC.to_datetime(time);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.subsec_nanosecond() / 1_000
    )
}
