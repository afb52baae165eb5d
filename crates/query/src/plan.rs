use std::time::Duration;

use lakefront_api::{BackendChoice, BackendKind, BackendState, Problem, ProblemType, Reason, SqlRequest};

use crate::sql::checked;
use crate::{Backend, Resolved, Statement, Topology};

/// The longest a request may take, whatever is tried.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(45);

/// How long chDB may take, and how much longer when it has to wake first.
const CHDB_DEADLINE: Duration = Duration::from_secs(30);
const WAKING: Duration = Duration::from_secs(10);

/// What to try, in order, until one engine answers. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The first is the engine of choice; the others step in for it.
    pub attempts: Vec<Attempt>,
}

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
}

/// Decides which engines are asked for a named query.
///
/// chDB reads the head of the lake, so no bound on the lag excludes it.
///
/// # Errors
/// [`ProblemType::NoBackend`] when no engine may answer.
pub fn plan(resolved: &Resolved, topology: &Topology) -> Result<Plan, Problem> {
    let reason = match (resolved.backend, resolved.at) {
        (BackendChoice::Clickhouse, _) => {
            let detail = format!(
                "backend: no ClickHouse has a view for {}; ask with \"auto\" or \"chdb\"",
                resolved.query.info.name
            );
            return Err(Problem::new(ProblemType::NoBackend, detail));
        }
        (BackendChoice::Chdb, _) => Reason::Forced,
        (BackendChoice::Auto, Some(_)) => Reason::At,
        (BackendChoice::Auto, None) => without_view(topology),
    };
    let mut params = resolved.params.clone();
    params.push(("from".into(), engine_time(resolved.range.from)));
    params.push(("to".into(), engine_time(resolved.range.to)));
    params.push(("tz".into(), resolved.tz.clone()));
    let statement = Statement {
        sql: resolved.query.lake_sql.clone(),
        params,
        settings: resolved.at.map(|at| at.setting()).into_iter().collect(),
    };
    over_lake(topology, reason, &statement)
}

/// Decides which engines are asked for ad-hoc SQL: the lake's, always.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a statement or parameters that can't be sent, [`ProblemType::NoBackend`] when no
/// engine may answer.
pub fn plan_sql(request: &SqlRequest, topology: &Topology) -> Result<Plan, Problem> {
    over_lake(topology, without_view(topology), &checked(request)?)
}

/// Why the lake answers what no view does.
fn without_view(topology: &Topology) -> Reason {
    match topology.of(BackendKind::Clickhouse).next() {
        None => Reason::NoClickhouse,
        Some(_) => Reason::NoView,
    }
}

/// Every chDB that is not known to be down, in order.
fn over_lake(topology: &Topology, reason: Reason, statement: &Statement) -> Result<Plan, Problem> {
    let up = topology
        .of(BackendKind::Chdb)
        .filter(|backend| backend.state != BackendState::Down);
    let attempts: Vec<Attempt> = up
        .enumerate()
        .map(|(at, backend)| Attempt {
            backend: backend.name.clone(),
            reason: if at == 0 { reason } else { Reason::Failover },
            statement: statement.clone(),
            deadline: deadline(backend),
        })
        .collect();
    if attempts.is_empty() {
        let detail =
            "chDB did not answer a moment ago; try again in 10 seconds, or see /health for the reason";
        return Err(Problem::new(ProblemType::NoBackend, detail));
    }
    Ok(Plan { attempts })
}

fn deadline(backend: &Backend) -> Duration {
    match backend.state {
        BackendState::Asleep => CHDB_DEADLINE + WAKING,
        _ => CHDB_DEADLINE,
    }
}

/// An instant as engines read it: UTC, whole microseconds.
fn engine_time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
