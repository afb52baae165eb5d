//! Attempts on chDB, which reads the lake.

use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::{BackendKind, BackendState, Range, Reason};
use lakefront_clickhouse_http::Statement;

use super::attempt::{Attempt, params};
use super::unset::without_unset;
use crate::container::PATIENCE;
use crate::time_travel::AsOf;
use crate::{Backend, Resolved, Topology};

/// The longest time that chDB may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Returns the query's statement over the lake.
pub fn statement(resolved: &Resolved, range: Range, now: Timestamp) -> Statement {
    // A snapshot of the past has no data after its time.
    let complete_until = match resolved.at {
        Some(AsOf::Time(time)) => time.min(now),
        _ => now,
    };
    Statement {
        sql: without_unset(&resolved.query.lake_sql, &resolved.params),
        params: params(resolved, range, complete_until),
        settings: resolved.at.map(|at| at.setting()).into_iter().collect(),
        ..Statement::default()
    }
}

/// Returns one attempt for every chDB that is not known to be down, in order of preference.
pub fn attempts(topology: &Topology, reason: Reason, statement: &Statement) -> Vec<Attempt> {
    let up = topology
        .of(BackendKind::Chdb)
        .filter(|backend| backend.state != BackendState::Down);
    up.enumerate()
        .map(|(at, backend)| Attempt {
            backend: backend.name.clone(),
            reason: if at == 0 { reason } else { Reason::Failover },
            statement: statement.clone(),
            deadline: deadline(backend),
            as_of: None,
        })
        .collect()
}

fn deadline(backend: &Backend) -> Duration {
    match backend.state {
        BackendState::Asleep => DEADLINE + PATIENCE,
        _ => DEADLINE,
    }
}
