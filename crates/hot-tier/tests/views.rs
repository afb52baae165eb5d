//! The views and their DDL, and the statements on them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use expect_test::{expect, expect_file};
use lakefront_hot_tier::{CoverageKey, HotStatement, View, raw_version, views};

fn view(name: &str) -> &'static View {
    views().iter().find(|view| view.name == name).unwrap()
}

/// Statements as they are sent, but for versions, which change with the mapping.
#[test]
fn ddl_of_a_view_with_two_sources() {
    let view = view("mv_errors");
    let versionless =
        |statements: Vec<String>| statements.join(";\n\n").replace(&view.version, "<version>") + ";\n";
    expect_file!["views/mv_errors.sql"].assert_eq(&versionless(view.ddl("")));
    let staging = versionless(view.ddl("__staging"));
    assert!(staging.contains("CREATE TABLE IF NOT EXISTS otel.mv_errors_<version>__staging\n"));
    assert!(staging.contains(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS otel.mv_errors_<version>__staging_from_otel_traces \
         TO otel.mv_errors_<version>__staging AS\n"
    ));
    assert!(staging.contains("FROM otel.otel_traces__staging\n"));
}

const COUNT: &str = "\
SELECT count() AS errors
FROM mv_errors
WHERE Bucket >= {from:DateTime64(6)}";

#[test]
fn a_statement_on_a_view_is_guarded() {
    let view = view("mv_errors");
    let hot = HotStatement::on_view(COUNT, view, None, 92);
    assert_eq!(hot.reads, [CoverageKey::of_view(view)]);
    expect![[r#"
        SELECT count() AS errors
        FROM otel.mv_errors_<version>
        WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_errors', '<version>') <= {first_day:Date}, false), 'mv_errors does not hold all of this range')) = 0 AND Bucket >= {from:DateTime64(6)}"#]].assert_eq(&hot.sql.replace(&view.version, "<version>"));
}

/// Whole days come from the view by day, the rest of the range from the other.
#[test]
fn a_statement_on_a_view_with_whole_days() {
    let (quarters, days) = (view("mv_visitors"), view("mv_visitors_by_day"));
    let sql = COUNT.replace("mv_errors", "mv_visitors");
    let hot = HotStatement::on_view(&sql, quarters, Some(days), 92);
    assert_eq!(hot.reads, [quarters, days].map(CoverageKey::of_view));
    expect![[r#"
        SELECT count() AS errors
        FROM (SELECT * FROM otel.mv_visitors_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_visitors', '<version>') <= {first_day:Date}, false), 'mv_visitors does not hold all of this range')) = 0 AND (Bucket < toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') OR Bucket >= toStartOfDay({to:DateTime64(6)}, 'UTC')) UNION ALL SELECT * FROM otel.mv_visitors_by_day_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_visitors_by_day', '<version>') <= {first_day:Date}, false), 'mv_visitors_by_day does not hold all of this range')) = 0 AND Bucket >= toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') AND Bucket < toStartOfDay({to:DateTime64(6)}, 'UTC'))
        WHERE Bucket >= {from:DateTime64(6)}"#]].assert_eq(
        &hot.sql
            .replace(&quarters.version, "<version>")
            .replace(&days.version, "<version>"),
    );
    assert!(days.selects[0].contains("toStartOfDay(Timestamp, 'UTC') AS Bucket,"));
}

#[test]
fn a_view_can_be_filled_from_a_data_file() {
    let view = view("mv_funnel");
    let select = view.select("otel_logs", "file('a.parquet', Parquet)").unwrap();
    assert!(select.contains("FROM file('a.parquet', Parquet)\n"));
    assert_eq!(view.select("otel_traces", "x"), None);
}

#[test]
fn versions_differ() {
    let versions: BTreeSet<_> = views()
        .iter()
        .map(|view| view.version.as_str())
        .chain([raw_version()])
        .collect();
    assert_eq!(versions.len(), views().len() + 1);
    assert!(versions.iter().all(|version| version.len() == 12));
}
