//! What chDB is asked.

use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::{BackendKind, BackendState, Range, Reason};

use super::attempt::{Attempt, params};
use crate::past::Past;
use crate::{Backend, Resolved, Statement, Topology};

/// How long chDB may take, and how much longer when it has to wake first.
const DEADLINE: Duration = Duration::from_secs(30);
const WAKING: Duration = Duration::from_secs(10);

/// The statement over the lake.
pub fn statement(resolved: &Resolved, range: Range, now: Timestamp) -> Statement {
    // The past has no data after itself.
    let held = match resolved.at {
        Some(Past::Time(time)) => time.min(now),
        _ => now,
    };
    Statement {
        sql: resolved.query.lake_sql.clone(),
        params: params(resolved, range, held),
        settings: resolved.at.map(|at| at.setting()).into_iter().collect(),
    }
}

/// Every chDB that is not known to be down, in order.
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
        BackendState::Asleep => DEADLINE + WAKING,
        _ => DEADLINE,
    }
}
