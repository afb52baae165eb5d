//! The views of the hot tier, and the statements on them.

use lakefront_hot_tier::{CoverageKey, View, raw_version, views};
use lakefront_otel::table;
use lakefront_query::catalogue;

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
mv_bots: otel_logs → bots; 365 days
mv_errors: otel_logs, otel_traces → error_groups, errors_per_hour, top_errors; 395 days
mv_events: otel_logs → event_per_hour, events; 92 days
mv_events_by_day: otel_logs → events; 92 days
mv_exits: otel_logs → exit_pages; 93 days
mv_funnel: otel_logs → funnel; 93 days
mv_operations: otel_traces → operations; 92 days
mv_operations_by_day: otel_traces → operations; 92 days
mv_pageviews: otel_logs → top_pages; 365 days
mv_records: otel_logs, otel_traces → records_per_hour; 92 days
mv_releases: otel_logs, otel_traces → releases; 372 days
mv_router: otel_logs → router_decisions, router_failovers, router_latency; 92 days
mv_sessions: otel_logs → bounce_rate; 93 days
mv_totals: otel_logs, otel_traces → service_health, totals, unique_visitors_per_day; 365 days
mv_totals_by_day: otel_logs, otel_traces → service_health, totals; 365 days
mv_trace_spans: otel_traces → trace_spans; 92 days
mv_usage: otel_logs → usage, usage_cost, usage_per_hour, usage_refused; 365 days
mv_user_error_rows: otel_logs, otel_traces → errors_for_user; 92 days
mv_user_errors: otel_logs, otel_traces → users_of_error, users_with_errors; 365 days
mv_visitors: otel_logs → top_countries, top_devices; 365 days
mv_visitors_by_day: otel_logs → top_countries, top_devices; 365 days
mv_visits: otel_logs → campaigns, top_sources; 93 days
mv_web_vitals: otel_logs → web_vitals, web_vitals_by_device; 92 days";
    assert_eq!(lines.join("\n"), promised);
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
    assert_eq!(hot.reads, tables.map(CoverageKey::of_raw_table));
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

/// The view that reads a map: a vital has its id there. No other log record has a vital, so that the map is read of few rows.
const READS_A_MAP: &str = "mv_web_vitals";

/// A view reads no map but that one, and only columns that every source has; a statement on it only columns that the view has.
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
                assert!(
                    !map || view.name == READS_A_MAP,
                    "{} reads the map {word}",
                    view.name
                );
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
                    "JSONExtractUInt",
                    "String",
                    "UInt64",
                ]
                .contains(word)
        })
        .map(str::to_owned)
        .collect()
}
