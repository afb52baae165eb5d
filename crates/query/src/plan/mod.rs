//! The plan: decides which engines get the query, in which order, and why.

mod attempt;
mod hot;
mod lake;
mod unset;

use jiff::Timestamp;
use lakefront_api::{BackendChoice, BackendKind, Problem, ProblemType, Range, Reason, SqlRequest};
use lakefront_clickhouse_http::Statement;

pub(crate) use attempt::engine_time;
pub use attempt::{Attempt, REQUEST_DEADLINE};

use crate::sql;
use crate::time_travel::AsOf;
use crate::{Resolved, Topology, clip};
use hot::HotTier;

/// The attempts to make, in order, until one engine answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The range to answer: the resolved range, clipped to the lake's first day. `None` for ad-hoc SQL.
    pub range: Option<Range>,
    /// The attempts, at least one. The first is the preferred engine; the others are tried when it fails.
    pub attempts: Vec<Attempt>,
}

/// Decides which engines get a named query, and in which order.
///
/// The order is: ClickHouses that hold the whole range and are fresh enough, chDB, ClickHouses that lag behind.
/// chDB reads the head of the lake, so that no limit on the lag excludes it.
///
/// # Errors
/// [`ProblemType::NoBackend`] when no engine may answer. [`ProblemType::BadRequest`] when fields of the request
/// contradict each other.
pub fn plan(resolved: &Resolved, topology: &Topology, now: Timestamp) -> Result<Plan, Problem> {
    let range = clip::clip(resolved, topology.first_day)?;
    let end = resolved.at.map_or(now, |at| at.end(now));
    let lake = |reason| lake::attempts(topology, reason, &lake::statement(resolved, range, end));
    let attempts = match (resolved.backend, resolved.at) {
        (BackendChoice::Chdb, at) => {
            check_past(at, resolved.max_lag, now)?;
            lake(Reason::Forced)
        }
        (BackendChoice::Auto, at @ Some(_)) => {
            check_past(at, resolved.max_lag, now)?;
            lake(Reason::At)
        }
        (BackendChoice::Clickhouse, Some(_)) => {
            return Err(Problem::new(
                ProblemType::BadRequest,
                "at: only the lake has a past; ask with \"auto\" or \"chdb\"",
            ));
        }
        (BackendChoice::Clickhouse, None) => {
            let hot = HotTier::of(resolved, range, topology, now);
            let attempts = hot.forced();
            if attempts.is_empty() {
                return Err(hot.refusal());
            }
            attempts
        }
        (BackendChoice::Auto, None) => {
            let hot = HotTier::of(resolved, range, topology, now);
            let mut attempts = hot.fresh();
            attempts.extend(lake(hot.why_not().unwrap_or(Reason::Failover)));
            attempts.extend(hot.late(Reason::LakeDown));
            attempts
        }
    };
    finish(Some(range), attempts, topology)
}

/// Returns the statement with which the lake answers a named query.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a range that the calendar cannot represent.
pub fn lake_statement(
    resolved: &Resolved,
    topology: &Topology,
    now: Timestamp,
) -> Result<Statement, Problem> {
    let range = clip::clip(resolved, topology.first_day)?;
    Ok(lake::statement(resolved, range, now))
}

/// Decides which engines get an ad-hoc statement: always those of the lake.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a statement or parameters that cannot be sent. [`ProblemType::NoBackend`] when no
/// engine may answer.
pub fn plan_sql(request: &SqlRequest, topology: &Topology) -> Result<Plan, Problem> {
    let reason = match topology.of(BackendKind::Clickhouse).next() {
        None => Reason::NoClickhouse,
        Some(_) => Reason::NoView,
    };
    let attempts = lake::attempts(topology, reason, &sql::check(request)?);
    finish(None, attempts, topology)
}

/// Rejects a time in the past that is older than the accepted lag: the two fields contradict each other.
fn check_past(at: Option<AsOf>, max_lag: Option<u64>, now: Timestamp) -> Result<(), Problem> {
    match (at, max_lag) {
        (Some(AsOf::Time(time)), Some(bound)) if hot::lag(time, now).as_secs() > bound => Err(Problem::new(
            ProblemType::BadRequest,
            format!("at: {time} is longer ago than maxLagSeconds ({bound}); leave one of them out"),
        )),
        _ => Ok(()),
    }
}

fn finish(range: Option<Range>, attempts: Vec<Attempt>, topology: &Topology) -> Result<Plan, Problem> {
    if !attempts.is_empty() {
        return Ok(Plan { range, attempts });
    }
    let who = match topology.of(BackendKind::Clickhouse).next() {
        None => "chDB did not answer a moment ago",
        Some(_) => "chDB did not answer a moment ago, and no ClickHouse holds what this asks for",
    };
    let detail = format!("{who}; try again in 10 seconds, or see /health for the reason");
    Err(Problem::new(ProblemType::NoBackend, detail))
}
