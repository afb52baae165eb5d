//! Requests of named queries: which are valid, and how their range and parameters are resolved.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::Timestamp;
use lakefront_api::{Problem, ProblemType, QueryRequest};
use lakefront_query::{Resolved, catalogue, resolve};
use serde_json::{Value, json};

fn resolved(request: Value) -> Result<Resolved, Problem> {
    let request: QueryRequest = serde_json::from_value(request).unwrap();
    resolve(&request, now())
}

fn now() -> Timestamp {
    "2026-03-24T12:34:56.789Z".parse().unwrap()
}

#[track_caller]
fn refused(request: Value, kind: ProblemType, detail: &str) {
    let problem = resolved(request).unwrap_err();
    assert_eq!((problem.kind, problem.detail.as_str()), (kind, detail));
}

#[test]
fn defaults_are_filled_in() {
    let found = resolved(json!({"query": "top_errors"})).unwrap();
    assert_eq!(found.query.info.name, "top_errors");
    assert_eq!(found.tz, "UTC");
    assert_eq!(found.range.from.to_string(), "2026-03-17T12:00:00Z");
    assert_eq!(found.range.to.to_string(), "2026-03-24T13:00:00Z");
    let params: Vec<_> = found
        .params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(params, ["limit=10", "service=", "environment="]);
}

#[test]
fn a_preset_ends_at_the_point_in_the_past() {
    let end = |at: &str| {
        let found = resolved(json!({"query": "top_errors", "timeRange": "24h", "at": at})).unwrap();
        found.range.to.to_string()
    };
    assert_eq!(end("2026-03-20T10:00:00Z"), "2026-03-20T10:00:00Z");
    assert_eq!(end("2026-04-01T00:00:00Z"), "2026-03-24T13:00:00Z", "the future");
    let one_table = json!({"query": "top_pages", "timeRange": "24h", "at": "42"});
    assert_eq!(
        resolved(one_table).unwrap().range.to.to_string(),
        "2026-03-25T00:00:00Z"
    );
}

#[test]
fn the_range_follows_the_querys_bucket_and_the_zone() {
    let request = |query: &str| {
        let found = resolved(json!({
            "query": query,
            "tz": "asia/kathmandu",
            "timeRange": {"from": "2026-03-24T00:00:00Z", "to": "2026-03-24T12:00:00Z"},
            "params": if query == "errors_for_user" { json!({"user_id": "u"}) } else { json!({}) },
        }))
        .unwrap();
        (found.range.from.to_string(), found.range.to.to_string(), found.tz)
    };
    let expect = |from: &str, to: &str| (from.to_owned(), to.to_owned(), "Asia/Kathmandu".to_owned());
    assert_eq!(
        request("errors_per_hour"),
        expect("2026-03-23T23:15:00Z", "2026-03-24T12:15:00Z")
    );
    assert_eq!(
        request("top_pages"),
        expect("2026-03-23T18:15:00Z", "2026-03-24T18:15:00Z")
    );
    assert_eq!(
        request("errors_for_user"),
        expect("2026-03-24T00:00:00Z", "2026-03-24T12:00:00Z")
    );
}

#[test]
fn an_unknown_query_is_told_the_names() {
    let problem = resolved(json!({"query": "top_erors"})).unwrap_err();
    assert_eq!(problem.kind, ProblemType::NotFound);
    for query in catalogue() {
        assert!(problem.detail.contains(&query.info.name), "{}", problem.detail);
    }
}

#[test]
fn a_bad_zone_is_refused() {
    for name in ["Mars/Olympus", "", "+02:00", "../../etc/passwd"] {
        let detail =
            format!("tz: `{name}` is no IANA time zone; expected a name such as Europe/Berlin or UTC");
        refused(
            json!({"query": "top_errors", "tz": name}),
            ProblemType::BadRequest,
            &detail,
        );
    }
}

#[test]
fn a_reversed_range_is_refused() {
    let range = json!({"from": "2026-03-25T00:00:00Z", "to": "2026-03-24T00:00:00Z"});
    let detail = "timeRange: from (2026-03-25T00:00:00Z) is after to (2026-03-24T00:00:00Z); swap them";
    refused(
        json!({"query": "top_errors", "timeRange": range}),
        ProblemType::BadRequest,
        detail,
    );
}

#[test]
fn parameters_are_checked_by_name_type_and_size() {
    let cases = [
        (
            "top_errors",
            json!({"user": "u"}),
            "user: no such parameter; expected some of limit, service, environment",
        ),
        (
            "top_errors",
            json!({"limit": "ten"}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            "top_errors",
            json!({"limit": 0}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            "top_errors",
            json!({"limit": -1}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            "top_errors",
            json!({"limit": 1.5}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            "top_errors",
            json!({"limit": 1001}),
            "limit: expected a whole number from 1 to 1000",
        ),
        ("top_errors", json!({"service": 7}), "service: expected text"),
        ("top_errors", json!({"service": null}), "service: expected text"),
        (
            "top_errors",
            json!({"service": "x".repeat(1_025)}),
            "service: expected at most 1024 bytes",
        ),
        (
            "errors_for_user",
            json!({}),
            "user_id: required, but missing; add it to params",
        ),
        (
            "errors_for_user",
            json!({"user_id": ""}),
            "user_id: required, but empty",
        ),
        (
            "funnel",
            json!({"steps": "page > > order"}),
            "steps: step 2 is empty; expected steps such as page > /cart > order_placed",
        ),
        (
            "funnel",
            json!({"steps": vec!["a"; 17].join(">")}),
            "steps: 17 steps; expected at most 16",
        ),
        (
            "funnel",
            json!({"steps": "a\nb"}),
            "steps: a step has a control character",
        ),
        (
            "funnel",
            json!({"steps": "x".repeat(1_001)}),
            "steps: expected at most 1000 bytes",
        ),
    ];
    for (query, params, detail) in cases {
        let request = json!({"query": query, "params": params});
        refused(request, ProblemType::BadRequest, &format!("params.{detail}"));
    }
}

#[test]
fn the_past_is_a_snapshot_or_a_time() {
    for (query, at) in [
        ("top_pages", "8270633197658268308"),
        ("top_pages", "2026-03-24T12:00:00Z"),
        ("top_errors", "2026-03-24T12:00:00Z"),
    ] {
        assert!(
            resolved(json!({"query": query, "at": at})).is_ok(),
            "{query} {at}"
        );
    }
    let detail = "at: expected the id of a snapshot or an RFC 3339 time";
    refused(
        json!({"query": "top_errors", "at": "yesterday"}),
        ProblemType::BadRequest,
        detail,
    );
    let detail = "at: top_errors reads several tables, each with snapshots of its own; give a time";
    refused(
        json!({"query": "top_errors", "at": "42"}),
        ProblemType::BadRequest,
        detail,
    );
}
