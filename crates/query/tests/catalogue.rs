//! The named queries are the ones that were promised, over columns that exist.

use lakefront_otel::{ColumnType, tables};
use lakefront_query::catalogue;
use lakefront_search::Search;

/// Name, own parameters, columns, bucket and order, as the design says them.
const PROMISED: &str = "\
api_heatmap(route): hour, band_ms, requests; hour; hour, band_ms
api_latency(route): hour, service, method, route, requests, errors, p50_ms, p99_ms; hour; hour, service, method, route
api_routes(route, limit): service, method, route, requests, per_minute, error_share, p50_ms, p95_ms, p99_ms; hour; requests ↓, service, method, route
bots(limit): bot, page_views, records; day; page_views ↓, records ↓, bot
bounce_rate(page, limit): page, sessions, bounces, bounce_rate; day; sessions ↓, page
campaigns(limit): source, medium, campaign, sessions, visitors, pages_each, bounce_rate; day; sessions ↓, source, medium, campaign
error_groups(error_group, limit): error_group, state, error_type, last_message, errors, users, trend, first_seen, last_seen, first_version, last_version; hour; errors ↓, error_group
error_occurrences(error_group, limit): time, stack, message, service, version, page, user_id, trace_id, row_id; exact; time ↓, row_id ↓
errors_for_user(user_id, limit): time, error_type, message, service, page, trace_id, row_id; exact; time ↓, row_id ↓
errors_per_hour(error_group): hour, error_type, errors; hour; hour, error_type
event_per_hour(event_name): hour, service, events; hour; hour, service
event_properties(event_name, limit): property, value, events; exact; events ↓, property, value
events(limit): event_name, events, visitors, sessions, conversion, last_seen; hour; events ↓, event_name
exit_pages(page, limit): page, exits, exit_share; day; exits ↓, page
funnel(steps): day, step, label, sessions, conversion; day; day, step
metric_attributes(metric, limit): attribute_key, attribute_value, points; exact; points ↓, attribute_key, attribute_value
metric_exemplars(metric, attribute, attribute_value, limit): time, value, service, trace_id, span_id; exact; value ↓, time, service, trace_id, span_id
metric_exponential_histogram(metric, seconds, group, groups, attribute, attribute_value): time, series, measurements, total, scale, zeros, positive, negative; exact; time, series, scale
metric_gauge(metric, seconds, group, groups, attribute, attribute_value): time, series, average, minimum, maximum, total, last, points; exact; time, series
metric_histogram(metric, seconds, group, groups, attribute, attribute_value): time, series, measurements, total, bounds, buckets; exact; time, series, bounds
metric_sum(metric, seconds, group, groups, attribute, attribute_value): time, series, increase, last, points; exact; time, series
metric_summary(metric, seconds, group, groups, attribute, attribute_value): time, series, quantile, value; exact; time, series, quantile
metrics(find, metric_name, limit): metric, type, temporality, unit, services, service_count, points, last_value, last_seen, found; exact; metric, type
operations(operation, limit): service, kind, operation, spans, per_minute, error_share, p50_ms, p95_ms, p99_ms; hour; spans ↓, service, kind, operation
records_per_hour(): hour, signal, records; hour; hour, signal
releases(limit): released, service, version; quarter; released ↓, service, version
router_decisions(): hour, backend, reason, queries; hour; hour, backend, reason
router_failovers(limit): failed, failure, instead, queries, last_seen; hour; queries ↓, failed, failure, instead
router_latency(): hour, backend, queries, p50_ms, p95_ms, p99_ms; hour; hour, backend
search_fields(signal, limit): field, value, records; hour; records ↓, field, value
service_calls(limit): caller, callee, calls, per_minute, error_share, p50_ms, p95_ms; hour; calls ↓, caller, callee
service_health(): service, state, requests, error_share, p95_ms, errors, visitors, last_seen; hour; error_share ↓, errors ↓, service
top_countries(country, device, limit): country, visitors, sessions, page_views; day; visitors ↓, country
top_devices(country, device, limit): device, visitors, sessions, page_views; day; visitors ↓, device
top_errors(limit): error_group, error_type, errors, users, first_seen, last_seen, last_message; hour; errors ↓, error_group
top_pages(page, limit): page, views, visitors; day; views ↓, page
top_sources(source, limit): source, campaign, sessions, visitors, bounce_rate; day; sessions ↓, source, campaign
totals(): errors, requests, error_share, p95_ms, visitors; quarter; errors
trace_spans(trace_id, limit): time, service, name, kind, duration_ms, status, error_type, error_message, error_group, span_id, parent_span_id, row_id; exact; time, row_id
unique_visitors_per_day(): day, visitors, sessions, page_views; day; day
usage(limit): service, signal, megabytes, records, requests, rejected, key; hour; megabytes ↓, service, signal, key
usage_cost(): item, dollars, used, unit, included, price; hour; dollars ↓, item
usage_per_hour(): hour, service, megabytes; hour; hour, service
usage_refused(limit): outcome, reason, key, signal, service, requests, records; hour; requests ↓, records ↓, outcome, reason, key, signal, service
users_of_error(error_group, limit): user_id, errors, first_seen, last_seen; hour; errors ↓, user_id
users_with_errors(limit): user_id, errors, error_groups, last_seen; hour; errors ↓, user_id
visitor_trail(visitor_id, limit): time, visit, kind, what, page, took_ms, service, trace_id, row_id; exact; time ↓, row_id ↓
visitors(limit): visitor_id, last_seen, sessions, page_views, errors, country, device, browser; exact; last_seen ↓, visitor_id
visitors_of_error(error_group, limit): visitor_id, errors, last_seen; exact; last_seen ↓, visitor_id
web_vitals(page, device): page, vital, samples, p75, p95; hour; page, vital
web_vitals_by_device(page, device): device, vital, samples, p75, p95; hour; device, vital";

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

#[test]
fn the_searches_for_the_counted_records_can_be_read() {
    for query in catalogue() {
        let searches = query.info.row_searches();
        let read = searches.filter(|(signal, text)| Search::parse(*signal, text).is_ok());
        assert_eq!(read.count(), query.info.rows.len(), "{}", query.info.name);
    }
}

/// Queries that read maps, and which: only of rows that are found without. Web vitals are of one event, whose rows are
/// next to each other in a file, so that the map of other rows is not read. So are the events of one name. Points of a metric are of one name, by which
/// files are sorted; the list of metrics reads the map of resources only with a filter by environment.
const MAPS: [(&str, &str); 20] = [
    ("error_occurrences", "LogAttributes"),
    ("error_occurrences", "Events.Attributes"),
    ("event_properties", "LogAttributes"),
    ("web_vitals", "LogAttributes"),
    ("web_vitals_by_device", "LogAttributes"),
    ("metrics", "ResourceAttributes"),
    ("metric_attributes", "Attributes"),
    ("metric_attributes", "ResourceAttributes"),
    ("metric_exemplars", "Attributes"),
    ("metric_exemplars", "ResourceAttributes"),
    ("metric_exponential_histogram", "Attributes"),
    ("metric_exponential_histogram", "ResourceAttributes"),
    ("metric_gauge", "Attributes"),
    ("metric_gauge", "ResourceAttributes"),
    ("metric_histogram", "Attributes"),
    ("metric_histogram", "ResourceAttributes"),
    ("metric_sum", "Attributes"),
    ("metric_sum", "ResourceAttributes"),
    ("metric_summary", "Attributes"),
    ("metric_summary", "ResourceAttributes"),
];

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
        let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        let words = unquoted.flat_map(|code| code.split(|letter| !in_name(letter)));
        for word in words.filter(|word| is_pascal_case(word)) {
            let name = &query.info.name;
            let column = columns().find(|column| column.name == word);
            let column = column.unwrap_or_else(|| panic!("{name} reads {word}, which no table has"));
            let map = matches!(
                column.r#type,
                ColumnType::StringMap | ColumnType::List(&ColumnType::StringMap)
            );
            assert!(
                !map || MAPS.contains(&(name, word)),
                "{name} reads the map {word}"
            );
        }
    }
}

fn is_pascal_case(word: &str) -> bool {
    let not_columns = [
        "DateTime64",
        "JSONExtractFloat",
        "JSONExtractKeysAndValues",
        "JSONExtractKeysAndValuesRaw",
        "JSONExtractString",
        "JSONExtractUInt",
        "String",
        "UInt64",
    ];
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && (word.contains(|letter: char| letter.is_ascii_lowercase()))
        && !not_columns.contains(&word)
}
