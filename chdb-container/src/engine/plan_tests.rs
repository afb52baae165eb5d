use chdb_rust::format::OutputFormat;

use super::*;
use crate::chdb::Connection;

const T: &str = "Timestamp";

/// Returns the reading of a MergeTree table in the engine's plan of a statement, which has the same filters as a table of the
/// lake.
fn planned(condition: &str) -> Times {
    let connection = Connection::open(&[]).unwrap();
    for sql in [
        "CREATE DATABASE IF NOT EXISTS of_plans",
        "CREATE TABLE IF NOT EXISTS of_plans.rows (Timestamp DateTime64(6, 'UTC'), Body String, _path String) ENGINE = Log",
        &format!(
            "SET additional_table_filters = {{'of_plans.rows': {}}}",
            literal(&mark("rows"))
        ),
    ] {
        connection.query(sql, OutputFormat::Null).unwrap();
    }
    let sql = format!("EXPLAIN json = 1, actions = 1 SELECT count() FROM of_plans.rows WHERE {condition}");
    let plan = connection.query(&sql, OutputFormat::TabSeparatedRaw).unwrap();
    let found = reads(&plan.data_utf8_lossy(), |table| (table == "rows").then_some(T)).unwrap();
    assert_eq!(found.len(), 1, "{condition}: {}", plan.data_utf8_lossy());
    found[0].times
}

fn at(text: &str) -> i64 {
    instant(text).unwrap()
}

fn between(from: &str, to: &str) -> Times {
    let bound = |text: &str, open| if text.is_empty() { open } else { at(text) };
    Times {
        from: bound(from, i64::MIN),
        to: bound(to, i64::MAX),
    }
}

#[test]
fn conditions_on_the_time_bound_what_is_read() {
    for (condition, from, to) in [
        (
            "Timestamp >= '2026-03-24 10:00:00' AND Timestamp < '2026-03-25' AND Body = 'a'",
            "2026-03-24 10:00:00",
            "2026-03-25",
        ),
        (
            "Timestamp BETWEEN '2026-03-24' AND toDateTime64('2026-03-24 12:00:00.000001', 6, 'UTC')",
            "2026-03-24",
            "2026-03-24 12:00:00.000002",
        ),
        (
            "'2026-03-24' <= Timestamp AND toDateTime('2026-03-25 00:00:00', 'UTC') > Timestamp",
            "2026-03-24",
            "2026-03-25",
        ),
        (
            "Timestamp > toDate('2026-03-24') - INTERVAL 1 DAY",
            "2026-03-23",
            "",
        ),
        (
            "Timestamp = '2026-03-24 10:00:00'",
            "2026-03-24 10:00:00",
            "2026-03-24 10:00:00.000001",
        ),
        (
            "toDate(Timestamp) = '2026-03-24'",
            "2026-03-24",
            "2026-03-25 00:00:00.000001",
        ),
        (
            "toStartOfHour(Timestamp) >= '2026-03-24 10:00:00'",
            "2026-03-24 10:00:00",
            "",
        ),
        (
            "(Timestamp < '2026-03-01' OR (Timestamp > '2026-03-02' AND Timestamp < '2026-03-03'))",
            "",
            "2026-03-03",
        ),
        ("(Timestamp < '2026-03-01' OR Body = 'a')", "", ""),
        ("NOT Timestamp < '2026-03-01'", "", ""),
        ("Body = '2026-03-01'", "", ""),
        ("1", "", ""),
    ] {
        assert_eq!(planned(condition), between(from, to), "{condition}");
    }
}

#[test]
fn a_condition_on_now_is_of_this_moment() {
    let times = planned("Timestamp > now() - INTERVAL 1 DAY");
    let age = Timestamp::now().as_microsecond() - times.from;
    assert!((DAY..DAY + 60_000_000).contains(&age), "{age}");
    assert_eq!(times.to, i64::MAX);
}

#[test]
fn constants() {
    for (name, expected) in [
        ("'2026-03-24 12:00:00'_String", Some(at("2026-03-24T12:00:00Z"))),
        (
            "_CAST(1795909374_DateTime, 'DateTime'_String)",
            Some(1_795_909_374_000_000),
        ),
        (
            "_CAST('1795737600.5'_DateTime64(6, 'UTC'), 'DateTime64(6, 'UTC')'_String)",
            Some(1_795_737_600_500_000),
        ),
        (
            "_CAST('1795824899'_Nullable(DateTime64(6, 'UTC')), 'x'_String)",
            Some(1_795_824_899_000_000),
        ),
        ("_CAST('-1.25'_DateTime64(6), 'x'_String)", Some(-1_250_000)),
        ("_CAST(20784_Date, 'Date'_String)", Some(20_784 * DAY)),
        ("'x'_String", None),
        ("5_UInt8", None),
        ("", None),
    ] {
        assert_eq!(constant(name), expected, "{name}");
    }
}

#[test]
fn a_plan_of_another_form_has_no_readings() {
    let found = |plan: &str| reads(plan, |_| Some(T)).unwrap();
    assert_eq!(found("[]"), []);
    assert_eq!(found(r#"[{"Plan": {"Node Type": "ReadFromStorage"}}]"#), []);
    assert_eq!(
        found(r#"[{"Plan": {"Node Type": "Filter", "Plans": [{"Node Type": "Read"}]}}]"#),
        []
    );
    assert!(reads("no JSON", |_| Some(T)).is_err());
}
