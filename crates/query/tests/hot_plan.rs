//! When a ClickHouse is asked, and what comes after it, as tables.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lakefront_api::BackendState::{Asleep, Down, Healthy, Unknown};
use lakefront_api::{BackendKind, BackendState, Problem, ProblemType, QueryRequest};
use lakefront_clickhouse_http::Param;
use lakefront_hot_tier::{raw_version, views};
use lakefront_query::{Backend, Coverage, HotState, Plan, Topology, catalogue, plan, resolve};
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-03-24T12:34:56.789Z".parse().unwrap()
}

fn chdb(state: BackendState) -> Backend {
    Backend {
        name: "chdb".into(),
        kind: BackendKind::Chdb,
        region: None,
        state,
        hot: None,
    }
}

/// A ClickHouse that was never heard.
fn silent(name: &str, state: BackendState) -> Backend {
    Backend {
        name: name.into(),
        kind: BackendKind::Clickhouse,
        region: Some(name.into()),
        state,
        hot: None,
    }
}

/// A ClickHouse that holds every view and raw table from a day on, and is so many seconds late.
fn holding(name: &str, first_day: &str, lag: i64) -> Backend {
    let raw = ["otel_logs", "otel_traces"].map(|table| (table, raw_version()));
    let views = views()
        .iter()
        .map(|view| (view.name.as_str(), view.version.as_str()));
    let row = |(view, version): (&str, &str)| Coverage {
        view: view.into(),
        version: version.into(),
        first_day: first_day.parse().unwrap(),
        as_of: now() - SignedDuration::from_secs(lag),
    };
    Backend {
        hot: Some(HotState {
            coverage: raw.into_iter().chain(views).map(row).collect(),
        }),
        ..silent(name, Healthy)
    }
}

/// The same, but it does not answer.
fn down(backend: Backend) -> Backend {
    Backend {
        state: Down,
        ..backend
    }
}

/// The same, with what it holds of one view under another version.
fn with_old(view: &str, mut backend: Backend) -> Backend {
    let coverage = &mut backend.hot.as_mut().unwrap().coverage;
    coverage.iter_mut().find(|row| row.view == view).unwrap().version = "000000000000".into();
    backend
}

fn planned(request: &Value, backends: &[Backend]) -> Result<Plan, Problem> {
    in_lake_since(None, request, backends)
}

fn in_lake_since(first_day: Option<&str>, request: &Value, backends: &[Backend]) -> Result<Plan, Problem> {
    let request: QueryRequest = serde_json::from_value(request.clone()).unwrap();
    let topology = Topology {
        backends: backends.to_vec(),
        first_day: first_day.map(|day| day.parse().unwrap()),
    };
    plan(&resolve(&request, now()).unwrap(), &topology, now())
}

/// `us view 1.5, chdb failover 30`: name, reason and deadline in seconds.
fn shown(plan: &Plan) -> String {
    let attempts = plan.attempts.iter().map(|one| {
        format!(
            "{} {} {}",
            one.backend,
            one.reason.name(),
            one.deadline.as_secs_f64()
        )
    });
    attempts.collect::<Vec<_>>().join(", ")
}

const ALL: &str = "2025-12-01";

#[test]
fn every_reason() {
    let us = || holding("us", ALL, 40);
    let eu = || holding("eu", ALL, 40);
    let week = json!({"query": "top_errors"});
    let group = json!({"query": "error_occurrences", "params": {"error_group": "g"}});
    let hour = json!({"query": "errors_per_hour", "timeRange": "1h"});
    let quarter_year = json!({"query": "bounce_rate", "timeRange": "90d"});
    let half_year = json!({"query": "bounce_rate", "timeRange": "180d"});
    let forced = json!({"query": "top_errors", "backend": "clickhouse"});
    let lake = json!({"query": "top_errors", "backend": "chdb"});
    let past = json!({"query": "top_errors", "at": "2026-03-24T12:00:00Z"});
    let at_most = |seconds: u64| json!({"query": "top_errors", "maxLagSeconds": seconds});
    let awake = || chdb(Healthy);
    let cases = [
        // A view answers; chDB steps in.
        (&week, vec![us(), awake()], "us view 1.5, chdb failover 30"),
        (&week, vec![us(), chdb(Asleep)], "us view 1.5, chdb failover 40"),
        (&week, vec![us(), chdb(Down)], "us view 1.5"),
        (&group, vec![us(), awake()], "us indexed 3, chdb failover 30"),
        // The nearest first, then the next, then the lake.
        (
            &week,
            vec![eu(), us(), awake()],
            "eu view 1.5, us failover 1.5, chdb failover 30",
        ),
        (
            &week,
            vec![down(eu()), us(), awake()],
            "us view 1.5, chdb failover 30",
        ),
        // One that was down is tried once more.
        (
            &week,
            vec![
                Backend {
                    state: Unknown,
                    ..us()
                },
                awake(),
            ],
            "us view 1.5, chdb failover 30",
        ),
        // No ClickHouse can be the first.
        (&week, vec![awake()], "chdb no-clickhouse 30"),
        (&week, vec![down(us()), awake()], "chdb unhealthy-clickhouse 30"),
        (
            &week,
            vec![silent("us", Unknown), awake()],
            "chdb unhealthy-clickhouse 30",
        ),
        (&half_year, vec![us(), awake()], "chdb outside-retention 30"),
        (
            &quarter_year,
            vec![us(), awake()],
            "us view 1.5, chdb failover 30",
        ),
        (
            &week,
            vec![holding("us", "2026-03-18", 40), awake()],
            "chdb incomplete 30",
        ),
        (
            &week,
            vec![holding("us", "2026-03-17", 40), awake()],
            "us view 1.5, chdb failover 30",
        ),
        (
            &week,
            vec![with_old("mv_errors", us()), awake()],
            "chdb incomplete 30",
        ),
        (
            &week,
            vec![with_old("mv_funnel", us()), awake()],
            "us view 1.5, chdb failover 30",
        ),
        (
            &group,
            vec![with_old("otel_traces", us()), awake()],
            "chdb incomplete 30",
        ),
        (
            &week,
            vec![holding("us", "2026-03-18", 40), eu(), awake()],
            "eu view 1.5, chdb failover 30",
        ),
        // 1/12 of a range of two hours is ten minutes; of a week it would be 14 hours, but half an hour is the most.
        (
            &hour,
            vec![holding("us", ALL, 600), awake()],
            "us view 1.5, chdb failover 30",
        ),
        (
            &hour,
            vec![holding("us", ALL, 601), awake()],
            "chdb lagging 30, us lake-down 1.5",
        ),
        (
            &week,
            vec![holding("us", ALL, 1800), awake()],
            "us view 1.5, chdb failover 30",
        ),
        (
            &week,
            vec![holding("us", ALL, 1801), awake()],
            "chdb lagging 30, us lake-down 1.5",
        ),
        (
            &week,
            vec![holding("us", ALL, 1801), eu(), awake()],
            "eu view 1.5, chdb failover 30, us lake-down 1.5",
        ),
        (
            &week,
            vec![holding("us", ALL, 90_000), chdb(Down)],
            "us lake-down 1.5",
        ),
        // The caller's bound excludes.
        (&at_most(40), vec![us(), awake()], "us view 1.5, chdb failover 30"),
        (&at_most(39), vec![us(), awake()], "chdb lagging 30"),
        (&at_most(0), vec![us(), awake()], "chdb lagging 30"),
        // The caller names the engine, or a time.
        (&forced, vec![us(), awake()], "us forced 1.5"),
        (
            &forced,
            vec![holding("us", ALL, 90_000), eu(), awake()],
            "eu forced 1.5, us failover 1.5",
        ),
        (&lake, vec![us(), awake()], "chdb forced 30"),
        (&past, vec![us(), awake()], "chdb at 30"),
    ];
    let mut reached = BTreeSet::new();
    for (request, backends, expected) in cases {
        let plan = planned(request, &backends).unwrap();
        assert_eq!(shown(&plan), expected, "{request} {backends:#?}");
        reached.extend(plan.attempts.iter().map(|one| one.reason.name()));
    }
    // A query without a view is ad-hoc SQL only, as long as every folder has one: see `plan.rs`.
    assert!(catalogue().iter().all(|query| query.hot.is_some()));
    let others: BTreeSet<_> =
        "view indexed no-clickhouse outside-retention incomplete lagging unhealthy-clickhouse \
                               failover lake-down forced at"
            .split_whitespace()
            .collect();
    assert_eq!(reached, others);
}

#[test]
fn both_edges_of_retention() {
    let us = [holding("us", "2025-12-01", 0), chdb(Healthy)];
    let cases = [
        (
            "bounce_rate",
            "2025-12-22T00:00:00Z",
            "us view 1.5, chdb failover 30",
        ),
        (
            "bounce_rate",
            "2025-12-21T23:59:59.999999Z",
            "chdb outside-retention 30",
        ),
        (
            "error_occurrences",
            "2026-02-20T00:00:00Z",
            "us indexed 3, chdb failover 30",
        ),
        (
            "error_occurrences",
            "2026-02-19T23:59:59.999999Z",
            "chdb outside-retention 30",
        ),
    ];
    for (query, from, expected) in cases {
        let params = if query == "error_occurrences" {
            json!({"error_group": "g"})
        } else {
            json!({})
        };
        let request = json!({
            "query": query,
            "params": params,
            "timeRange": {"from": from, "to": "2026-03-24T00:00:00Z"},
        });
        assert_eq!(
            shown(&planned(&request, &us).unwrap()),
            expected,
            "{query} {from}"
        );
    }
}

#[test]
fn a_range_older_than_the_lake_is_clipped_to_whole_buckets() {
    let from = |tz: &str, first_day| {
        let request = json!({"query": "top_pages", "tz": tz, "timeRange": "180d"});
        // Sync has loaded from the lake's first day on. There are no rows before it.
        let backends = [holding("us", "2026-03-23", 0), chdb(Healthy)];
        let plan = in_lake_since(first_day, &request, &backends).unwrap();
        (
            plan.range.unwrap().from.to_string(),
            plan.attempts[0].reason.name(),
        )
    };
    assert_eq!(from("UTC", None), ("2025-09-25T00:00:00Z".into(), "incomplete"));
    assert_eq!(
        from("UTC", Some("2026-03-23")),
        ("2026-03-23T00:00:00Z".into(), "view")
    );
    assert_eq!(
        from("Asia/Kathmandu", Some("2026-03-23")),
        ("2026-03-22T18:15:00Z".into(), "view")
    );
    assert_eq!(
        from("UTC", Some("2020-01-01")),
        ("2025-09-25T00:00:00Z".into(), "incomplete")
    );
}

#[test]
fn a_range_that_ends_before_the_lake_begins_is_empty() {
    let request = json!({
        "query": "top_pages",
        "timeRange": {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z"},
    });
    let plan = in_lake_since(Some("2026-03-23"), &request, &[chdb(Healthy)]).unwrap();
    let range = plan.range.unwrap();
    assert_eq!(
        (range.from, range.to),
        (range.to, "2025-01-02T00:00:00Z".parse().unwrap())
    );
}

#[test]
fn the_answers_age_is_that_of_the_oldest_table() {
    let mut us = holding("us", ALL, 40);
    let older = now() - SignedDuration::from_secs(100);
    let coverage = &mut us.hot.as_mut().unwrap().coverage;
    coverage
        .iter_mut()
        .find(|row| row.view == "otel_traces")
        .unwrap()
        .as_of = older;
    let request = json!({"query": "error_occurrences", "params": {"error_group": "g"}});
    let plan = planned(&request, &[us, chdb(Healthy)]).unwrap();
    assert_eq!(plan.attempts[0].as_of, Some(older));
    assert_eq!(plan.attempts[1].as_of, None, "the lake is read as it is");
}

#[test]
fn a_query_that_looks_back_needs_the_days_before() {
    let request = json!({"query": "error_groups", "timeRange": "24h"});
    let since = |first_day| {
        in_lake_since(
            first_day,
            &request,
            &[holding("us", "2026-02-22", 0), chdb(Healthy)],
        )
    };
    // 30 days before 2026-03-23T12:00Z.
    let plan = since(None).unwrap();
    assert_eq!(plan.attempts[0].reason.name(), "incomplete");
    let params = &plan.attempts[0].statement.params;
    assert!(params.contains(&("since".into(), "2026-02-21 12:00:00.000000".into())));
    // Before the lake there is nothing to look back at.
    assert_eq!(
        since(Some("2026-02-22")).unwrap().attempts[0].reason.name(),
        "view"
    );
    let within = json!({"query": "error_groups", "timeRange": "6h"});
    let plan = planned(&within, &[holding("us", "2026-02-22", 0)]).unwrap();
    let params = &plan.attempts[0].statement.params;
    assert!(params.contains(&("first_day".into(), "2026-02-22".into())));
}

#[test]
fn a_hot_statement_is_told_the_first_day_it_needs() {
    let request = json!({"query": "top_pages", "tz": "Asia/Kathmandu", "timeRange": "24h"});
    let plan = planned(&request, &[holding("us", ALL, 0)]).unwrap();
    let statement = &plan.attempts[0].statement;
    let value = |name: &str| {
        let found = statement.params.iter().find(|(param, _)| param == name);
        found.map(|(_, value)| value.to_string())
    };
    assert_eq!(value("from").as_deref(), Some("2026-03-22 18:15:00.000000"));
    assert_eq!(value("first_day").as_deref(), Some("2026-03-22"));
    assert!(statement.sql.contains("<= {first_day:Date}"));
}

#[test]
fn a_forced_clickhouse_that_cannot_answer_says_why() {
    let cases = [
        (
            json!({"query": "top_errors"}),
            vec![],
            "no ClickHouse is configured",
        ),
        (
            json!({"query": "top_errors"}),
            vec![down(holding("us", ALL, 0))],
            "no ClickHouse is healthy",
        ),
        (
            json!({"query": "top_errors"}),
            vec![holding("us", "2026-03-20", 0)],
            "the view does not hold all of this range yet",
        ),
        (
            json!({"query": "bounce_rate", "timeRange": "180d"}),
            vec![holding("us", ALL, 0)],
            "the range begins before what the views keep",
        ),
        (
            json!({"query": "top_errors", "maxLagSeconds": 10}),
            vec![holding("us", ALL, 11)],
            "ClickHouse is too far behind the lake",
        ),
    ];
    for (mut request, mut backends, expected) in cases {
        request["backend"] = json!("clickhouse");
        backends.push(chdb(Healthy));
        let problem = planned(&request, &backends).unwrap_err();
        assert_eq!(problem.kind, ProblemType::NoBackend);
        assert_eq!(
            problem.detail,
            format!("backend: {expected}; ask with \"auto\" or \"chdb\"")
        );
    }
}

#[test]
fn contradictions_are_refused() {
    let us = [holding("us", ALL, 0), chdb(Healthy)];
    let cases = [
        (
            json!({"query": "top_errors", "backend": "clickhouse", "at": "2026-03-24T12:00:00Z"}),
            "at: only the lake has a past; ask with \"auto\" or \"chdb\"",
        ),
        (
            json!({"query": "top_errors", "maxLagSeconds": 60, "at": "2026-03-24T12:00:00Z"}),
            "at: 2026-03-24T12:00:00Z is longer ago than maxLagSeconds (60); leave one of them out",
        ),
    ];
    for (request, expected) in cases {
        let problem = planned(&request, &us).unwrap_err();
        assert_eq!(
            (problem.kind, problem.detail.as_str()),
            (ProblemType::BadRequest, expected)
        );
    }
}

#[test]
fn nobody_left() {
    let request = json!({"query": "top_errors"});
    for us in [down(holding("us", ALL, 0)), holding("us", "2026-03-20", 0)] {
        let problem = planned(&request, &[us, chdb(Down)]).unwrap_err();
        assert_eq!(problem.kind, ProblemType::NoBackend);
        assert_eq!(
            problem.detail,
            "chDB did not answer a moment ago, and no ClickHouse holds what this asks for; \
             try again in 10 seconds, or see /health for the reason"
        );
    }
}

/// The value of a placeholder in each attempt.
fn values(plan: &Plan, name: &str) -> Vec<String> {
    let value = |params: &[(String, Param)]| {
        let found = params.iter().find(|(param, _)| param == name);
        found.map_or_else(String::new, |(_, value)| value.to_string())
    };
    plan.attempts
        .iter()
        .map(|one| value(&one.statement.params))
        .collect()
}

#[test]
fn a_rate_counts_up_to_what_each_engine_holds() {
    let backends = [
        holding("us", "2025-01-01", 60),
        holding("eu", "2025-01-01", 120),
        chdb(Healthy),
    ];
    let until = |range: Value| {
        let request = json!({"query": "api_routes", "timeRange": range});
        values(&planned(&request, &backends).unwrap(), "until")
    };
    assert_eq!(
        until(json!("6h")),
        [
            "2026-03-24 12:33:56.789000",
            "2026-03-24 12:32:56.789000",
            "2026-03-24 12:34:56.789000"
        ]
    );
    // Over, and not begun: as a whole.
    let hour = |from, to| until(json!({"from": from, "to": to})).pop().unwrap();
    assert_eq!(
        hour("2026-03-24T10:00:00Z", "2026-03-24T11:00:00Z"),
        "2026-03-24 11:00:00.000000"
    );
    assert_eq!(
        hour("2026-03-25T10:00:00Z", "2026-03-25T11:00:00Z"),
        "2026-03-25 11:00:00.000000"
    );
}

#[test]
fn a_long_range_has_days_unless_the_lake_is_young() {
    let backends = [chdb(Healthy)];
    let step = |range: &str, tz: &str, first_day: Option<&str>| {
        let request = json!({"query": "errors_per_hour", "timeRange": range, "tz": tz});
        let plan = in_lake_since(first_day, &request, &backends).unwrap();
        let range = plan.range.unwrap();
        format!("{} {} {}", values(&plan, "step")[0], range.from, range.to)
    };
    assert_eq!(
        step("31d", "UTC", None),
        "hour 2026-02-21T12:00:00Z 2026-03-24T13:00:00Z"
    );
    assert_eq!(
        step("32d", "Europe/Berlin", None),
        "day 2026-02-19T23:00:00Z 2026-03-24T23:00:00Z"
    );
    assert_eq!(
        step("180d", "UTC", Some("2026-03-01")),
        "hour 2026-03-01T00:00:00Z 2026-03-24T13:00:00Z"
    );
    // A query without a time axis keeps its hours.
    let request = json!({"query": "top_errors", "timeRange": "90d"});
    let plan = planned(&request, &backends).unwrap();
    assert_eq!(plan.range.unwrap().to.to_string(), "2026-03-24T13:00:00Z");
}
