//! The views of the hot tier, and the statements on them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use expect_test::expect_file;
use lakefront_otel::table;
use lakefront_query::{CoverageKey, View, catalogue, raw_version, views};

fn coverage_key(view: &View) -> CoverageKey {
    CoverageKey {
        name: view.name.clone(),
        version: view.version.clone(),
    }
}

fn view(name: &str) -> &'static View {
    views().iter().find(|view| view.name == name).unwrap()
}

#[test]
fn the_views_are_the_promised_ones() {
    let lines: Vec<String> = views()
        .iter()
        .map(|view| {
            let readers = catalogue().iter().filter(|query| {
                query
                    .hot
                    .as_ref()
                    .is_some_and(|hot| hot.reads.iter().any(|read| read.name == view.name))
            });
            let readers: Vec<_> = readers.map(|query| query.info.name.as_str()).collect();
            let sources = view.sources.join(", ");
            format!(
                "{}: {sources} → {}; {} days",
                view.name,
                readers.join(", "),
                view.retention_days
            )
        })
        .collect();
    let promised = "\
mv_api_heatmap: otel_traces, otel_logs → api_heatmap; 182 days
mv_api_latency: otel_traces, otel_logs → api_latency, api_routes; 182 days
mv_api_latency_by_day: otel_traces, otel_logs → api_routes; 180 days
mv_device_vitals: otel_logs → web_vitals_by_device; 365 days
mv_device_vitals_by_day: otel_logs → web_vitals_by_device; 365 days
mv_errors: otel_logs, otel_traces → error_groups, errors_per_hour, top_errors; 395 days
mv_funnel: otel_logs → funnel; 92 days
mv_pageviews: otel_logs → top_pages; 365 days
mv_records: otel_logs, otel_traces → records_per_hour; 92 days
mv_router: otel_logs → router_decisions, router_failovers, router_latency; 92 days
mv_sessions: otel_logs → bounce_rate; 92 days
mv_totals: otel_logs, otel_traces → service_health, totals, unique_visitors_per_day; 365 days
mv_totals_by_day: otel_logs, otel_traces → service_health, totals; 365 days
mv_trace_spans: otel_traces → trace_spans; 92 days
mv_user_error_rows: otel_logs, otel_traces → errors_for_user; 92 days
mv_user_errors: otel_logs, otel_traces → users_of_error, users_with_errors; 365 days
mv_visitors: otel_logs → top_countries, top_devices; 365 days
mv_visitors_by_day: otel_logs → top_countries, top_devices; 365 days
mv_visits: otel_logs → top_sources; 92 days
mv_web_vitals: otel_logs → web_vitals; 365 days
mv_web_vitals_by_day: otel_logs → web_vitals; 365 days";
    assert_eq!(lines.join("\n"), promised);
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

#[test]
fn a_statement_on_a_view_is_guarded() {
    let query = catalogue()
        .iter()
        .find(|query| query.info.name == "errors_per_hour")
        .unwrap();
    let hot = query.hot.as_ref().unwrap();
    let view = view("mv_errors");
    assert_eq!(hot.reads, [coverage_key(view)]);
    expect_file!["views/errors_per_hour.sql"]
        .assert_eq(&(hot.sql.replace(&view.version, "<version>") + "\n"));
}

/// Whole days come from the view by day, what is left of the range from the other.
#[test]
fn a_statement_on_a_view_with_whole_days() {
    let query = catalogue()
        .iter()
        .find(|query| query.info.name == "web_vitals")
        .unwrap();
    let hot = query.hot.as_ref().unwrap();
    let (quarters, days) = (view("mv_web_vitals"), view("mv_web_vitals_by_day"));
    assert_eq!(hot.reads, [coverage_key(quarters), coverage_key(days)]);
    let sql = hot
        .sql
        .replace(&quarters.version, "<version>")
        .replace(&days.version, "<version>");
    expect_file!["views/web_vitals.sql"].assert_eq(&(sql + "\n"));
    assert!(days.selects[0].contains("toStartOfDay(Timestamp, 'UTC') AS Bucket,"));
}

#[test]
fn an_indexed_statement_is_guarded_for_each_table() {
    let query = catalogue()
        .iter()
        .find(|query| query.info.name == "error_occurrences")
        .unwrap();
    let hot = query.hot.as_ref().unwrap();
    assert!(hot.indexed);
    let tables = ["otel_logs", "otel_traces"];
    assert_eq!(
        hot.reads,
        tables.map(|table| CoverageKey {
            name: table.into(),
            version: raw_version().into(),
        })
    );
    assert_eq!(hot.retention_days, 32);
    for table in tables {
        assert!(hot.sql.contains(&format!("FROM otel.{table}\n")));
        assert!(hot.sql.contains(&format!(
            "(SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', '{table}', '{}') <= {{first_day:Date}}, false), \
             '{table} does not hold all of this range')) = 0 AND",
            raw_version()
        )));
    }
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

/// A view reads no map, and only columns that every source has; a statement on it only columns that the view has.
#[test]
fn every_column_exists() {
    for view in views() {
        for (source, select) in view.sources.iter().zip(&view.selects) {
            let table = table(source).unwrap();
            for word in pascal_case(select) {
                let own = view.keys.iter().chain(&view.others).any(|column| *column == word);
                let column = table.column(&word);
                assert!(
                    own || column.is_some(),
                    "{} reads {word}, which {source} has not",
                    view.name
                );
                let map = column.is_some_and(|column| column.r#type == lakefront_otel::ColumnType::StringMap);
                assert!(!map, "{} reads the map {word}", view.name);
            }
        }
    }
    for query in catalogue() {
        let hot = query.hot.as_ref().unwrap();
        let read = |view: &&View| hot.reads.iter().any(|read| read.name == view.name);
        for view in views().iter().filter(read) {
            for word in pascal_case(&hot.sql) {
                let own = view.keys.iter().chain(&view.others).any(|column| *column == word);
                assert!(
                    own,
                    "{} reads {word}, which {} has not",
                    query.info.name, view.name
                );
            }
        }
    }
}

/// The words of a statement that name columns of tables and views: those in PascalCase, outside quotes and comments.
fn pascal_case(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().filter_map(|line| line.split("--").next()).collect();
    let code = code.join("\n");
    let unquoted = code.split('\'').step_by(2);
    let words = unquoted.flat_map(|code| code.split(|letter: char| !letter.is_ascii_alphanumeric()));
    words
        .filter(|word| {
            word.starts_with(|first: char| first.is_ascii_uppercase())
                && word.contains(|letter: char| letter.is_ascii_lowercase())
                && ![
                    "Date",
                    "DateTime64",
                    "JSONExtractFloat",
                    "JSONExtractString",
                    "String",
                    "UInt64",
                ]
                .contains(word)
        })
        .map(str::to_owned)
        .collect()
}
