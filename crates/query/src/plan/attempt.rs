use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::{Range, Reason};

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

/// A query's own parameters and those of its range.
pub fn params(resolved: &Resolved, range: Range) -> Vec<(String, String)> {
    let mut params = resolved.params.clone();
    params.push(("from".into(), engine_time(range.from)));
    params.push(("to".into(), engine_time(range.to)));
    params.push(("tz".into(), resolved.tz.clone()));
    params
}

/// An instant as engines read it: UTC, whole microseconds.
fn engine_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
