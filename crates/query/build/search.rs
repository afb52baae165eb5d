//! Builds the definitions of searches from the statements in `search/`.

use lakefront_api::{Bucket, ChartKind, ChartSpec, QueryInfo};
use lakefront_hot_tier::HotStatement;
use lakefront_otel::RAW_RETENTION_DAYS;

use crate::definition::Definition;

/// Each statement of `search/`, by the name of its file.
const STATEMENTS: [(&str, &str); 10] = [
    ("logs_rows", include_str!("../search/logs_rows.sql")),
    ("logs_histogram", include_str!("../search/logs_histogram.sql")),
    ("logs_patterns", include_str!("../search/logs_patterns.sql")),
    ("logs_row", include_str!("../search/logs_row.sql")),
    ("logs_records", include_str!("../search/logs_records.sql")),
    ("traces_rows", include_str!("../search/traces_rows.sql")),
    ("traces_histogram", include_str!("../search/traces_histogram.sql")),
    ("traces_durations", include_str!("../search/traces_durations.sql")),
    ("traces_row", include_str!("../search/traces_row.sql")),
    ("traces_records", include_str!("../search/traces_records.sql")),
];

/// The statement about the values of fields. Signals differ in `{table}`, in the map `{attributes}`, and in the columns of
/// their own, which stand for `{columns}`.
const FIELDS: &str = include_str!("../search/fields.sql");
/// Columns that only logs have and whose values are counted.
const OF_LOGS: [&str; 3] = ["SeverityText", "EventName", "VitalName"];
/// Columns that only spans have and whose values are counted.
const OF_TRACES: [&str; 4] = ["SpanName", "SpanKind", "StatusCode", "StatusMessage"];

/// Returns the statement about the values of a signal's fields.
fn fields(table: &str, attributes: &str, columns: &[&str]) -> String {
    let line =
        |name: &&str| format!("                    (1, '{name}', substringUTF8({name}::String, 1, 201)),\n");
    let columns: String = columns.iter().map(line).collect();
    FIELDS
        .replace("{table}", table)
        .replace("{attributes}", attributes)
        .replace("{columns}", &columns)
}

/// Returns a definition for each statement. ClickHouse answers a search from its raw tables.
pub fn definitions() -> Vec<Definition> {
    let raw_tables = || lakefront_otel::tables().iter().map(|table| table.name);
    let definition = |(name, sql): (&str, String)| Definition {
        info: info(name),
        look_back_days: 0,
        lake_sql: sql.trim_end().into(),
        hot: Some(HotStatement::on_raw_tables(
            sql.trim_end(),
            raw_tables(),
            RAW_RETENTION_DAYS,
        )),
    };
    let fields = [
        ("logs_fields", fields("otel_logs", "LogAttributes", &OF_LOGS)),
        (
            "traces_fields",
            fields("otel_traces", "SpanAttributes", &OF_TRACES),
        ),
    ];
    let statements = STATEMENTS.map(|(name, sql)| (name, sql.to_owned()));
    statements.into_iter().chain(fields).map(definition).collect()
}

/// Returns the description of a search. No page draws it as a panel, so that it names no column.
fn info(name: &str) -> QueryInfo {
    QueryInfo {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        bucket: Bucket::Exact,
        params: Vec::new(),
        columns: Vec::new(),
        order: String::new(),
        chart: ChartSpec {
            kind: ChartKind::Table,
            x: String::new(),
            y: Vec::new(),
            series: Vec::new(),
            unit: String::new(),
            step_seconds: None,
        },
        panels: Vec::new(),
        rows: Vec::new(),
        retention_days: Some(RAW_RETENTION_DAYS.into()),
    }
}
