//! Tries the engines of a plan in order, until one answers.

use lakefront_api::{BackendKind, Problem, ProblemType};
use lakefront_query::{Attempt, Plan};

use crate::backends::failure::{EngineFailure, StatementOrigin};

/// A failed call, and the kind of engine that was called.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedCall {
    /// The kind of the engine that failed.
    pub kind: BackendKind,
    /// The failure.
    pub failure: EngineFailure,
}

/// Returns the first answer, with the attempt that produced it.
///
/// # Errors
/// Returns the problem of the last failure. The attempts end early at a failure that no other engine can make good.
/// Without any attempt, the problem is that no engine is configured.
pub async fn first_reply<T>(
    plan: Plan,
    origin: StatementOrigin,
    mut call: impl AsyncFnMut(&Attempt) -> Result<T, FailedCall>,
) -> Result<(Attempt, T), Problem> {
    let mut problem = Problem::new(ProblemType::NoBackend, "no engine is configured; see /health");
    for attempt in plan.attempts {
        match call(&attempt).await {
            Ok(answer) => return Ok((attempt, answer)),
            Err(FailedCall { kind, failure }) => {
                problem = failure.problem(origin, kind);
                if !failure.fails_over(origin) {
                    break;
                }
            }
        }
    }
    Err(problem)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::executor::block_on;
    use lakefront_api::Reason;
    use lakefront_clickhouse_http::{Exception, Statement};

    use super::*;

    fn plan(backends: &[&str]) -> Plan {
        let attempt = |(index, backend): (usize, &&str)| Attempt {
            backend: (*backend).into(),
            reason: if index == 0 {
                Reason::NoClickhouse
            } else {
                Reason::Failover
            },
            statement: Statement::new("SELECT 1"),
            deadline: Duration::from_secs(30),
            as_of: None,
        };
        Plan {
            range: None,
            attempts: backends.iter().enumerate().map(attempt).collect(),
        }
    }

    fn failed(failure: EngineFailure) -> FailedCall {
        FailedCall {
            kind: BackendKind::Clickhouse,
            failure,
        }
    }

    /// Runs a plan of `a` and `b`, in which `a` fails and `b` would answer. Returns the engines that were called, and
    /// the outcome.
    fn after_failure(
        origin: StatementOrigin,
        failure: EngineFailure,
    ) -> (Vec<String>, Result<Reason, ProblemType>) {
        let mut seen = Vec::new();
        let outcome = block_on(first_reply(
            plan(&["a", "b"]),
            origin,
            async |attempt: &Attempt| {
                seen.push(attempt.backend.clone());
                if attempt.backend == "a" {
                    Err(failed(failure.clone()))
                } else {
                    Ok(())
                }
            },
        ));
        (
            seen,
            outcome
                .map(|(attempt, ())| attempt.reason)
                .map_err(|problem| problem.kind),
        )
    }

    #[test]
    fn a_dead_engine_is_replaced_by_the_next() {
        let (seen, outcome) = after_failure(
            StatementOrigin::Named,
            EngineFailure::Unreachable("refused".into()),
        );
        assert_eq!(
            (seen, outcome),
            (vec!["a".to_owned(), "b".into()], Ok(Reason::Failover))
        );
    }

    #[test]
    fn an_authors_error_is_not_tried_again() {
        let syntax = EngineFailure::Reply(Exception::new(62, "SYNTAX_ERROR", "boom").into());
        let (seen, outcome) = after_failure(StatementOrigin::AdHoc, syntax);
        assert_eq!(
            (seen, outcome),
            (vec!["a".to_owned()], Err(ProblemType::QueryFailed))
        );
    }

    #[test]
    fn the_last_failure_is_what_the_caller_hears() {
        let outcome = block_on(first_reply(
            plan(&["a", "b"]),
            StatementOrigin::Named,
            async |attempt: &Attempt| {
                Err::<(), _>(failed(match attempt.backend.as_str() {
                    "a" => EngineFailure::Unreachable("refused".into()),
                    _ => EngineFailure::Deadline(attempt.deadline),
                }))
            },
        ));
        assert_eq!(outcome.unwrap_err().kind, ProblemType::Timeout);
    }

    #[test]
    fn no_engine_is_a_problem_not_a_panic() {
        let outcome = block_on(first_reply(
            plan(&[]),
            StatementOrigin::Named,
            async |_: &Attempt| Ok(()),
        ));
        assert_eq!(outcome.unwrap_err().kind, ProblemType::NoBackend);
    }
}
