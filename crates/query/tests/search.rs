//! A search: its range in slices, its statements, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::{Timestamp, ToSpan as _};
use lakefront_api::{BackendKind, BackendState, Problem, QueryReply, Reason, SearchRequest};
use lakefront_hot_tier::raw_version;
use lakefront_query::{Backend, Coverage, HotState, Slices, Topology, plan, resolve_search};
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-03-24T12:00:00Z".parse().unwrap()
}

fn resolved(request: Value) -> Result<Slices, Problem> {
    let request: SearchRequest = serde_json::from_value(request).unwrap();
    resolve_search(&request, now())
}

fn topology(lag_minutes: i64) -> Topology {
    let coverage = ["otel_logs", "otel_traces"].map(|table| Coverage {
        view: table.into(),
        version: raw_version().into(),
        first_day: "2026-02-20".parse().unwrap(),
        as_of: now() - lag_minutes.minutes(),
    });
    let backend = |name: &str, kind| Backend {
        name: name.into(),
        kind,
        region: None,
        state: BackendState::Healthy,
        hot: (kind == BackendKind::Clickhouse).then(|| HotState {
            coverage: coverage.to_vec(),
        }),
    };
    Topology {
        backends: vec![
            backend("clickhouse", BackendKind::Clickhouse),
            backend("chdb", BackendKind::Chdb),
        ],
        first_day: None,
    }
}

#[test]
fn slices_are_the_range_without_a_gap_the_newest_first() {
    for range in ["15m", "1h", "24h", "7d", "90d"] {
        let search = resolved(json!({"signal": "logs", "timeRange": range})).unwrap();
        let mut to = search.range.to;
        for slice in &search.slices {
            assert_eq!(slice.range.to, to, "{range}");
            to = slice.range.from;
        }
        assert_eq!(to, search.range.from, "{range}");
        assert!(search.slices.len() <= 4, "{range}: {}", search.slices.len());
    }
}

#[test]
fn a_search_of_the_past_ends_there_and_reads_the_lake() {
    let past = json!({"signal": "logs", "timeRange": "24h", "at": "2026-03-20T10:00:00Z"});
    let search = resolved(past).unwrap();
    assert_eq!(search.range.to.to_string(), "2026-03-20T10:00:00Z");
    for slice in &search.slices {
        let plan = plan(slice, &topology(0), now()).unwrap();
        assert_eq!(plan.attempts[0].reason, Reason::At);
        let setting = ("iceberg_timestamp_ms".to_owned(), "1774000800000".to_owned());
        assert_eq!(plan.attempts[0].statement.settings, [setting]);
    }
    let problem = resolved(json!({"signal": "logs", "at": "yesterday"})).unwrap_err();
    assert!(problem.detail.starts_with("at: "), "{}", problem.detail);
}

#[test]
fn patterns_and_fields_read_the_whole_range_in_one_statement() {
    for wanted in ["patterns", "fields"] {
        let search =
            resolved(json!({"signal": "logs", "wanted": wanted, "query": "a b", "timeRange": "90d"}))
                .unwrap();
        let [slice] = &search.slices[..] else {
            panic!("{} slices", search.slices.len());
        };
        assert_eq!(slice.range, search.range);
        assert!(!slice.query.lake_sql.contains("{condition:Bool}"));
    }
    let problem = resolved(json!({"signal": "traces", "wanted": "patterns"})).unwrap_err();
    assert_eq!(problem.detail, "wanted: traces have no patterns");
}

#[test]
fn a_page_goes_on_below_its_cursor() {
    let place = |time: &str| time.parse::<Timestamp>().unwrap().as_microsecond();
    let before = format!("{}_7", place("2026-03-24T06:00:00Z"));
    let search = resolved(json!({"signal": "logs", "timeRange": "24h", "before": before})).unwrap();
    assert_eq!(search.range.to.to_string(), "2026-03-24T06:00:00.000001Z");
    let params = &search.slices[0].params;
    assert!(params.contains(&("before_time".into(), "2026-03-24 06:00:00.000000".into())));
    assert!(params.contains(&("before_row".into(), "7".into())));
    // A cursor before the range leaves nothing of it.
    let before = format!("{}_7", place("2026-03-20T06:00:00Z"));
    let search = resolved(json!({"signal": "logs", "timeRange": "24h", "before": before})).unwrap();
    assert_eq!(search.range.from, search.range.to);
}

#[test]
fn a_search_is_planned_as_a_named_query_is() {
    let reasons = |range: &str, lag| {
        let search = resolved(json!({"signal": "logs", "query": "timeout", "timeRange": range})).unwrap();
        let plans = search
            .slices
            .iter()
            .map(|slice| plan(slice, &topology(lag), now()).unwrap());
        plans.map(|plan| plan.attempts[0].reason).collect::<Vec<_>>()
    };
    assert!(reasons("24h", 0).iter().all(|reason| *reason == Reason::Indexed));
    // The accepted lag depends on the range of the search, not on the range of its slice.
    assert!(reasons("24h", 20).iter().all(|reason| *reason == Reason::Indexed));
    assert!(reasons("1h", 20).iter().all(|reason| *reason == Reason::Lagging));
    assert_eq!(reasons("90d", 0).last(), Some(&Reason::OutsideRetention));
}

#[test]
fn both_tiers_get_the_condition_and_clickhouse_its_guard() {
    let search =
        resolved(json!({"signal": "traces", "query": "service:web", "wanted": "histogram"})).unwrap();
    assert_eq!(search.bar_seconds, Some(10_800));
    let cells = resolved(json!({"signal": "traces", "query": "", "wanted": "durations"})).unwrap();
    assert_eq!(
        cells.bar_seconds,
        Some(21_600),
        "fewer and wider, because each is a link"
    );
    let plan = plan(&search.slices[0], &topology(0), now()).unwrap();
    let [hot, lake] = &plan.attempts[..] else {
        panic!("{plan:?}")
    };
    for attempt in [hot, lake] {
        let sql = &attempt.statement.sql;
        assert!(sql.contains("AND (ServiceName = {q0:String})"), "{sql}");
        assert!(!sql.contains("{condition"), "{sql}");
    }
    assert!(hot.statement.sql.contains("joinGet('otel.covered'"));
    assert!(!lake.statement.sql.contains("covered"));
}

#[test]
fn both_tiers_get_the_columns_that_were_chosen() {
    let statements = |columns: &str, wanted: &str| {
        let request =
            json!({"signal": "logs", "query": "a", "columns": columns, "wanted": wanted, "timeRange": "24h"});
        let search = resolved(request).unwrap();
        let plan = plan(&search.slices[0], &topology(0), now()).unwrap();
        let statements = plan.attempts.into_iter().map(|attempt| attempt.statement);
        let named = |statement: lakefront_clickhouse_http::Statement| {
            let params = statement.params.into_iter();
            let params: Vec<_> = params
                .filter(|(name, _)| name.strip_prefix('f').is_some_and(|at| at.parse::<u8>().is_ok()))
                .collect();
            (statement.sql, params)
        };
        statements.map(named).collect::<Vec<_>>()
    };
    for (sql, params) in statements("service, host.name", "rows") {
        assert!(
            sql.contains(
                "[substringUTF8(ifNull(toString(ServiceName), '')::String, 1, 201), substringUTF8(if(LogAttributes[{f0:String}] != '', \
                 LogAttributes[{f0:String}], ResourceAttributes[{f0:String}])::String, 1, 201)] AS columns,"
            ),
            "{sql}"
        );
        assert_eq!(params.len(), 1, "{params:?}");
    }
    for (columns, wanted) in [("", "rows"), ("host.name", "histogram"), ("host.name", "records")] {
        for (sql, params) in statements(columns, wanted) {
            assert!(
                !sql.contains("AS columns") && params.is_empty(),
                "{sql} {params:?}"
            );
        }
    }
    let problem = resolved(json!({"signal": "logs", "columns": "a b"})).unwrap_err();
    assert!(
        problem.detail.starts_with("columns: character 3"),
        "{}",
        problem.detail
    );
}

#[test]
fn a_condition_in_sql_is_for_the_lake_alone_and_stays_as_it_is() {
    let text = "Body ILIKE '%{columns:Array(String)} AS columns,{condition:Bool}%' -- all";
    let request =
        json!({"signal": "logs", "query": text, "language": "sql", "columns": "service", "timeRange": "24h"});
    let search = resolved(request.clone()).unwrap();
    assert!(search.is_sql);
    for slice in &search.slices {
        let plan = plan(slice, &topology(0), now()).unwrap();
        let [lake] = &plan.attempts[..] else {
            panic!("{plan:?}")
        };
        assert_eq!(lake.backend, "chdb");
        assert!(
            lake.statement.sql.contains(&format!("AND ({text}\n)\n")),
            "{}",
            lake.statement.sql
        );
    }
    let with = |name: &str, value: Value| {
        let mut request = request.clone();
        request[name] = value;
        resolved(request)
    };
    let refused = with("backend", "clickhouse".into()).unwrap_err();
    assert_eq!(
        refused.detail,
        "backend: a condition in SQL is answered by chdb alone"
    );
    let long = with("query", "x".repeat(4_097).into()).unwrap_err();
    assert_eq!(long.detail, "query: expected at most 4096 bytes");
    let all = with("query", "  ".into()).unwrap();
    assert!(all.slices[0].query.lake_sql.contains("AND true\n"));
}

#[test]
fn whole_rows_are_one_statement_with_a_limit_of_their_own() {
    let request = json!({"signal": "traces", "wanted": "records", "limit": 50_000, "timeRange": "7d"});
    let search = resolved(request).unwrap();
    assert_eq!((search.slices.len(), search.limit), (1, Some(50_000)));
    let request = json!({"signal": "traces", "wanted": "records", "limit": 50_001});
    assert_eq!(
        resolved(request).unwrap_err().detail,
        "limit: expected a whole number from 1 to 50000"
    );
    let rows = resolved(json!({"signal": "traces", "timeRange": "7d"})).unwrap();
    assert!(rows.slices.len() > 1);
    assert_eq!(rows.whole().unwrap().range, rows.range);
}

#[test]
fn a_fault_has_a_place() {
    let problem = resolved(json!({"signal": "logs", "query": "a (b"})).unwrap_err();
    assert_eq!(problem.position, Some(2));
    assert_eq!(
        problem.detail,
        "query: character 3: the ( that opens here is not closed; add a )"
    );
    for (request, detail) in [
        (
            json!({"signal": "logs", "limit": 0}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            json!({"signal": "logs", "limit": 1001}),
            "limit: expected a whole number from 1 to 1000",
        ),
        (
            json!({"signal": "logs", "wanted": "row"}),
            "before: required with wanted \"row\"; give the cursor of the row",
        ),
    ] {
        assert_eq!(resolved(request).unwrap_err().detail, detail);
    }
}

#[test]
fn slices_are_added_until_the_page_is_full() {
    let search = resolved(json!({"signal": "logs", "limit": 3, "timeRange": "24h"})).unwrap();
    let reply = |rows: &[(&str, i64)], lag: u64| -> QueryReply {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(time, row)| json!([time, row.to_string()]))
            .collect();
        serde_json::from_value(json!({
            "columns": [{"name": "time", "type": "DateTime64(6)"}, {"name": "row_id", "type": "Int64"}],
            "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "asOf": "2026-03-24T12:00:00Z", "lagSeconds": lag, "elapsedMs": 5.0, "backendMs": 2.0,
            "stats": {"rowsRead": 10, "bytesRead": 100}
        }))
        .unwrap()
    };
    let mut found = None;
    assert!(!search.add(&mut found, reply(&[("2026-03-24T11:00:00Z", 9)], 7)));
    let older = [
        ("2026-03-24T10:00:00Z", 8),
        ("2026-03-24T09:00:00.5Z", 7),
        ("2026-03-24T08:00:00Z", 6),
    ];
    assert!(search.add(&mut found, reply(&older, 0)));
    let reply = search.reply(found.unwrap());
    assert_eq!(reply.reply.rows.len(), 3);
    assert_eq!(reply.reply.stats.rows_read, 20);
    assert_eq!((reply.reply.lag_seconds, reply.reply.backend_ms), (Some(7), 4.0));
    let next = reply.next.unwrap();
    assert_eq!(
        (next.time.to_string().as_str(), next.row_id),
        ("2026-03-24T09:00:00.5Z", 7)
    );
}
