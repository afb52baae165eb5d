//! The nine named queries are the ones that were promised, over columns that exist.

use lakefront_otel::{ColumnType, tables};
use lakefront_query::catalogue;

/// Name, own parameters, columns, bucket and order, as the design says them.
const PROMISED: &str = "\
api_latency(route): hour, service, method, route, requests, errors, p50_ms, p99_ms; hour; hour, service, method, route
bounce_rate(limit): page, sessions, bounces, bounce_rate; day; sessions ↓, page
errors_for_user(user_id, limit): time, error_type, message, service, page, trace_id, row_id; exact; time ↓, row_id ↓
errors_per_hour(): hour, error_type, errors; hour; hour, error_type
funnel(name): day, step, label, sessions, conversion; day; day, step
top_errors(limit): error_group, error_type, errors, users, first_seen, last_seen, last_message; hour; errors ↓, error_group
top_pages(limit): page, views, visitors; day; views ↓, page
unique_visitors_per_day(): day, visitors, sessions, page_views; day; day
web_vitals(page): page, vital, samples, p75, p95; hour; page, vital";

#[test]
fn the_queries_are_the_promised_ones() {
    let lines: Vec<String> = catalogue()
        .iter()
        .map(|query| {
            let info = &query.info;
            let own = info.params.iter().map(|param| param.name.as_str());
            let own: Vec<_> = own
                .filter(|name| !["service", "environment"].contains(name))
                .collect();
            let columns: Vec<_> = info.columns.iter().map(|column| column.name.as_str()).collect();
            let bucket = format!("{:?}", info.bucket).to_lowercase();
            format!(
                "{}({}): {}; {bucket}; {}",
                info.name,
                own.join(", "),
                columns.join(", "),
                info.order
            )
        })
        .collect();
    assert_eq!(lines.join("\n"), PROMISED);
}

#[test]
fn the_catalogue_travels_as_json() {
    for query in catalogue() {
        let json = serde_json::to_string(&query.info).unwrap();
        assert_eq!(
            serde_json::from_str::<lakefront_api::QueryInfo>(&json).unwrap(),
            query.info
        );
    }
}

/// A map read for every row is what makes lakes slow.
#[test]
fn no_query_reads_a_map_and_every_column_exists() {
    let columns = || tables().iter().flat_map(|table| &table.columns);
    for query in catalogue() {
        let code: Vec<&str> = query
            .lake_sql
            .lines()
            .filter_map(|line| line.split("--").next())
            .collect();
        let code = code.join("\n");
        // Outside quotes, the tables' columns are the only words in PascalCase.
        let unquoted = code.split('\'').step_by(2);
        let words = unquoted.flat_map(|code| code.split(|letter: char| !letter.is_ascii_alphanumeric()));
        for word in words.filter(|word| is_pascal_case(word)) {
            let name = &query.info.name;
            let column = columns().find(|column| column.name == word);
            let column = column.unwrap_or_else(|| panic!("{name} reads {word}, which no table has"));
            assert_ne!(
                column.r#type,
                ColumnType::StringMap,
                "{name} reads the map {word}"
            );
        }
    }
}

fn is_pascal_case(word: &str) -> bool {
    let not_columns = ["DateTime64", "String", "UInt64"];
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && (word.contains(|letter: char| letter.is_ascii_lowercase()))
        && !not_columns.contains(&word)
}
