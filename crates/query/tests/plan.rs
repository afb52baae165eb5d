//! Which engine is asked what, as tables.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::BackendKind::{Chdb, Clickhouse};
use lakefront_api::BackendState::{Asleep, Down, Healthy, Unknown};
use lakefront_api::{BackendKind, BackendState, ProblemType, QueryRequest, Reason, SqlRequest};
use lakefront_query::{Backend, Plan, Topology, plan, plan_sql, resolve};
use serde_json::{Value, json};

fn topology(backends: &[(&str, BackendKind, BackendState)]) -> Topology {
    let backend = |(name, kind, state): &(&str, _, _)| Backend {
        name: (*name).into(),
        kind: *kind,
        region: None,
        state: *state,
        hot: None,
    };
    Topology {
        backends: backends.iter().map(backend).collect(),
        first_day: None,
    }
}

fn planned(request: Value, topology: &Topology) -> Result<Plan, lakefront_api::Problem> {
    let request: QueryRequest = serde_json::from_value(request).unwrap();
    let now: Timestamp = "2026-03-24T12:34:56.789Z".parse().unwrap();
    plan(&resolve(&request, now).unwrap(), topology, now)
}

/// Name, reason and deadline in seconds of each attempt.
fn attempts(plan: &Plan) -> Vec<(&str, Reason, u64)> {
    plan.attempts
        .iter()
        .map(|one| (one.backend.as_str(), one.reason, one.deadline.as_secs()))
        .collect()
}

/// Request, topology, attempts.
type Case<'a> = (&'a Value, &'a Topology, &'a [(&'a str, Reason, u64)]);

#[test]
fn the_lake_answers_and_says_why() {
    let auto = json!({"query": "top_errors"});
    let chdb = json!({"query": "top_errors", "backend": "chdb"});
    let past = json!({"query": "top_errors", "at": "2026-03-24T12:00:00Z"});
    let alone = topology(&[("chdb", Chdb, Healthy)]);
    let new = topology(&[("chdb", Chdb, Unknown)]);
    let asleep = topology(&[("chdb", Chdb, Asleep)]);
    let both = topology(&[("us", Clickhouse, Healthy), ("chdb", Chdb, Healthy)]);
    let pair = topology(&[("one", Chdb, Healthy), ("two", Chdb, Healthy)]);
    let half = topology(&[("one", Chdb, Down), ("two", Chdb, Healthy)]);
    let cases: [Case; 8] = [
        (&auto, &alone, &[("chdb", Reason::NoClickhouse, 30)]),
        (&auto, &new, &[("chdb", Reason::NoClickhouse, 30)]),
        (&auto, &asleep, &[("chdb", Reason::NoClickhouse, 40)]),
        (&auto, &both, &[("chdb", Reason::UnhealthyClickhouse, 30)]),
        (
            &auto,
            &pair,
            &[("one", Reason::NoClickhouse, 30), ("two", Reason::Failover, 30)],
        ),
        (&auto, &half, &[("two", Reason::NoClickhouse, 30)]),
        (&chdb, &alone, &[("chdb", Reason::Forced, 30)]),
        (&past, &alone, &[("chdb", Reason::At, 30)]),
    ];
    for (request, topology, expected) in cases {
        assert_eq!(
            attempts(&planned(request.clone(), topology).unwrap()),
            expected,
            "{request} {topology:?}"
        );
    }
}

#[test]
fn nobody_left_is_a_problem_that_says_what_to_do() {
    let down = topology(&[("chdb", Chdb, Down)]);
    let problem = planned(json!({"query": "top_errors"}), &down).unwrap_err();
    assert_eq!(problem.kind, ProblemType::NoBackend);
    assert!(problem.detail.contains("try again in 10 seconds"), "{problem}");

    let alone = topology(&[("chdb", Chdb, Healthy)]);
    let problem = planned(json!({"query": "top_errors", "backend": "clickhouse"}), &alone).unwrap_err();
    assert_eq!(problem.kind, ProblemType::NoBackend);
    assert!(
        problem
            .detail
            .contains("no ClickHouse is configured; ask with \"auto\" or \"chdb\""),
        "{problem}"
    );
}

#[test]
fn values_travel_as_parameters_and_never_in_the_text() {
    let hostile = "'; DROP TABLE otel_logs --\t\\";
    let request = json!({
        "query": "errors_for_user",
        "params": {"user_id": hostile},
        "tz": "Europe/Berlin",
        "timeRange": {"from": "2026-03-24T00:00:00.000001999Z", "to": "2026-03-25T02:03:04+02:00"},
    });
    let plan = planned(request, &topology(&[("chdb", Chdb, Healthy)])).unwrap();
    let statement = &plan.attempts[0].statement;
    assert!(!statement.sql.contains("DROP"));
    let params: Vec<_> = statement
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        params,
        [
            ("user_id", hostile),
            ("limit", "100"),
            ("service", ""),
            ("environment", ""),
            ("from", "2026-03-24 00:00:00.000001"),
            ("to", "2026-03-25 00:03:04.000000"),
            ("tz", "Europe/Berlin"),
        ]
    );
    assert!(statement.settings.is_empty());
}

#[test]
fn the_past_is_a_setting_of_the_statement() {
    let setting = |at: &str| {
        let plan = planned(
            json!({"query": "top_pages", "at": at}),
            &topology(&[("chdb", Chdb, Healthy)]),
        )
        .unwrap();
        plan.attempts[0].statement.settings.clone()
    };
    assert_eq!(
        setting("42"),
        [("iceberg_snapshot_id".to_owned(), "42".to_owned())]
    );
    assert_eq!(
        setting("2026-03-24T12:00:00.5Z"),
        [("iceberg_timestamp_ms".to_owned(), "1774353600500".to_owned())]
    );
}

fn sql(request: Value) -> Result<Plan, lakefront_api::Problem> {
    let request: SqlRequest = serde_json::from_value(request).unwrap();
    plan_sql(
        &request,
        &topology(&[("us", Clickhouse, Healthy), ("chdb", Chdb, Healthy)]),
    )
}

#[test]
fn ad_hoc_sql_goes_to_the_lake() {
    let plan = sql(json!({
        "sql": "SELECT count() FROM otel_logs WHERE UserId = {u:String} AND SeverityNumber > {n:Int32}",
        "params": {"n": 8.5, "u": "ü", "yes": true, "list": ["a", null]},
    }))
    .unwrap();
    assert_eq!(attempts(&plan), [("chdb", Reason::NoView, 30)]);
    assert_eq!(plan.attempts[0].deadline, Duration::from_secs(30));
    assert_eq!(plan.attempts[0].statement.query_id, None);
    let stoppable = sql(json!({ "sql": "SELECT 1", "id": "0123456789abcdef" })).unwrap();
    let id = stoppable.attempts[0].statement.query_id.as_deref();
    assert_eq!(id, Some("0123456789abcdef"));
    let params = &plan.attempts[0].statement.params;
    let wire: Vec<_> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.wire()))
        .collect();
    assert_eq!(
        wire,
        [
            ("list", "['a',NULL]".into()),
            ("n", "8.5".into()),
            ("u", "ü".into()),
            ("yes", "true".into())
        ]
    );
}

#[test]
fn ad_hoc_sql_that_cannot_be_sent_is_refused() {
    let many: serde_json::Map<String, Value> = (0..101).map(|at| (format!("p{at}"), json!(1))).collect();
    let cases = [
        (
            json!({"sql": " \n"}),
            "sql: empty; expected one SELECT over the otel tables",
        ),
        (
            json!({"sql": "x".repeat(262_145)}),
            "sql: expected at most 262144 bytes",
        ),
        (
            json!({"sql": "SELECT 1", "id": "short"}),
            "id: expected 16 to 64 letters, digits and -",
        ),
        (
            json!({"sql": "SELECT 1", "id": "0123456789abcde'"}),
            "id: expected 16 to 64 letters, digits and -",
        ),
        (
            json!({"sql": "SELECT 1", "id": "a".repeat(65)}),
            "id: expected 16 to 64 letters, digits and -",
        ),
        (
            json!({"sql": "SELECT 1", "params": many}),
            "params: expected at most 100",
        ),
        (
            json!({"sql": "SELECT 1", "params": {"a b": 1}}),
            "params: names are letters, digits and underscores",
        ),
        (
            json!({"sql": "SELECT 1", "params": {"1a": 1}}),
            "params: names are letters, digits and underscores",
        ),
        (
            json!({"sql": "SELECT 1", "params": {"a": [[[[[[[[[1]]]]]]]]]}}),
            "params.a: a parameter takes text, a number, true, false, null, or a list or an object of those, nested at \
             most 8 deep",
        ),
    ];
    for (request, detail) in cases {
        let problem = sql(request).unwrap_err();
        assert_eq!(
            (problem.kind, problem.detail.as_str()),
            (ProblemType::BadRequest, detail)
        );
    }
}
