//! Every named query, compared with the answer that plain Rust computes from the demo's events.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lakefront_api::{QueryRequest, TimeRange};
use lakefront_clickhouse_http::Answer;
use lakefront_demo::expected::{self, Arguments, Cell, GroupOf, Row};
use lakefront_demo::{DAY, Event, Record, Shop};
use lakefront_tests::{Stack, TestLake};
use serde_json::{Value, json};

/// Twelve hours after the change to summer time in Berlin, so that the short day is inside the range.
const UNTIL: &str = "2026-03-29T13:00:00Z";
const DAYS: i64 = 2;
const SEED: u64 = 7;

/// The funnel of the demo's shop.
const SHOP: &str = "page > shop.product_viewed > shop.cart_added > shop.checkout_started > shop.order_placed";

/// A case: the query, its parameters, and the range.
struct Case {
    query: &'static str,
    params: Value,
    from: &'static str,
    to: &'static str,
}

fn case(query: &'static str, params: Value) -> Case {
    Case {
        query,
        params,
        from: "2026-03-27T13:00:00Z",
        to: UNTIL,
    }
}

const ZONES: [&str; 3] = ["UTC", "Asia/Kathmandu", "Europe/Berlin"];

#[tokio::test(flavor = "multi_thread")]
async fn named_queries_answer_what_happened() -> Result<()> {
    answers(&Stack::start().await?).await
}

/// Each promoted column was added to the tables later, so that the engine reads them through views.
#[tokio::test(flavor = "multi_thread")]
async fn named_queries_answer_over_a_lake_of_an_older_version() -> Result<()> {
    let lake = TestLake::start().await?;
    drop(lake.open_as_older_version().await?);
    answers(&Stack::over(lake, "500ms").await?).await
}

async fn answers(stack: &Stack) -> Result<()> {
    let until: Timestamp = UNTIL.parse()?;
    let to = until.as_microsecond();
    let events = Shop::new(SEED, to).events(to - DAYS * DAY, to);
    let (days, seed) = (DAYS.to_string(), SEED.to_string());
    stack
        .demo(&["--days", &days, "--seed", &seed, "--until", UNTIL])
        .await?;

    // Every event arrived exactly once.
    let logs = events
        .iter()
        .filter(|event| matches!(event.record, Record::Log(_)))
        .count();
    for (table, rows) in [("otel_logs", logs), ("otel_traces", events.len() - logs)] {
        let answer = stack
            .sql(&format!("SELECT count(), uniqExact(RowId) FROM {table}"))
            .await?;
        assert_eq!(answer.rows, [[json!(rows), json!(rows)]], "{table}");
    }
    let groups = groups(stack).await?;

    let user = frequent_user(&events).context("no user had an error")?;
    // The error of a faulty release, and one that occurs all the time.
    let (broken, steady) = (&groups["TypeError"], &groups["CardDeclined"]);
    let trace = failed_trace(&events).context("no trace failed")?;
    let cases = [
        case("errors_per_hour", json!({})),
        case("errors_per_hour", json!({"service": "shop-api"})),
        case("errors_per_hour", json!({"error_group": broken})),
        case("error_groups", json!({})),
        case("error_groups", json!({"error_group": steady})),
        case("error_groups", json!({"environment": "production", "limit": 2})),
        case("error_occurrences", json!({"error_group": broken})),
        case("error_occurrences", json!({"error_group": steady, "limit": 2})),
        case(
            "error_occurrences",
            json!({"error_group": &groups["sqlx::PoolTimedOut"]}),
        ),
        case("users_of_error", json!({"error_group": broken})),
        case("users_with_errors", json!({})),
        case("users_with_errors", json!({"service": "storefront", "limit": 5})),
        case("trace_spans", json!({"trace_id": trace})),
        case("top_errors", json!({})),
        case("top_errors", json!({"environment": "production", "limit": 3})),
        case("unique_visitors_per_day", json!({})),
        case("unique_visitors_per_day", json!({"environment": "staging"})),
        case("top_pages", json!({})),
        case(
            "top_pages",
            json!({"service": "storefront", "environment": "production", "limit": 4}),
        ),
        case("errors_for_user", json!({"user_id": user})),
        case("errors_for_user", json!({"user_id": user, "limit": 1})),
        case("errors_for_user", json!({"user_id": "nobody"})),
        case("bounce_rate", json!({})),
        case("bounce_rate", json!({"environment": "staging", "limit": 2})),
        case("web_vitals", json!({})),
        case("web_vitals", json!({"page": "/product/:id"})),
        case("web_vitals_by_device", json!({})),
        case("web_vitals_by_device", json!({"page": "/product/:id"})),
        case("top_sources", json!({})),
        case("top_sources", json!({"environment": "production", "limit": 3})),
        case("top_countries", json!({})),
        case("top_countries", json!({"environment": "staging", "limit": 2})),
        case("top_devices", json!({})),
        case("api_latency", json!({})),
        case(
            "api_latency",
            json!({"route": "/api/search", "service": "shop-api"}),
        ),
        case("api_routes", json!({})),
        case("api_routes", json!({"route": "/api/search"})),
        case("api_routes", json!({"service": "shop-api", "limit": 3})),
        case("api_heatmap", json!({})),
        case("api_heatmap", json!({"route": "/api/search"})),
        case("totals", json!({})),
        case("totals", json!({"service": "storefront"})),
        case("service_health", json!({})),
        case("service_health", json!({"environment": "staging"})),
        case("records_per_hour", json!({})),
        case("records_per_hour", json!({"service": "storefront"})),
        case("funnel", json!({"steps": SHOP})),
        case("funnel", json!({"steps": SHOP, "environment": "production"})),
        // A range that ends within hours and days. Its ends move outward, to other instants in each zone.
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-29T00:40:00.000001Z",
            ..case("errors_per_hour", json!({}))
        },
        // Some groups are new, and some are not.
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-29T00:40:00.000001Z",
            ..case("error_groups", json!({}))
        },
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-28T19:00:00Z",
            ..case("api_latency", json!({}))
        },
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-28T19:00:00Z",
            ..case("api_routes", json!({}))
        },
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-28T23:00:00Z",
            ..case("unique_visitors_per_day", json!({}))
        },
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-28T20:00:00Z",
            ..case("bounce_rate", json!({}))
        },
        Case {
            from: "2026-03-28T18:15:00Z",
            to: "2026-03-28T23:00:00Z",
            ..case("funnel", json!({"steps": SHOP}))
        },
        Case {
            from: "2026-03-28T06:00:00Z",
            to: "2026-03-28T12:00:00Z",
            ..case("errors_for_user", json!({"user_id": user}))
        },
        Case {
            from: "2026-03-28T18:20:13Z",
            to: "2026-03-28T20:00:00Z",
            ..case("top_sources", json!({}))
        },
        // A range before the lake's first day.
        Case {
            from: "2025-01-01T00:00:00Z",
            to: "2025-01-02T00:00:00Z",
            ..case("top_pages", json!({}))
        },
    ];
    let mut answered = 0;
    for case in &cases {
        for zone in ZONES {
            let request = request(case, zone)?;
            let answer = stack.query(&request, until).await?;
            let expected = expect(&events, case, zone, &groups)?;
            compare(&answer, &expected).with_context(|| {
                format!("{} {} {zone} {}..{}", case.query, case.params, case.from, case.to)
            })?;
            answered += usize::from(!expected.is_empty());
        }
    }
    // Most cases must have rows, or the comparison would prove nothing.
    assert!(
        answered >= 3 * (cases.len() - 3),
        "only {answered} cases have rows"
    );
    Ok(())
}

/// Returns the lake's error group of each error type.
///
/// Every fault of the shop has a type of its own. Its messages differ only in numbers, ids, URLs and quoted text, so
/// that each type must be one group.
async fn groups(stack: &Stack) -> Result<BTreeMap<String, String>> {
    let rows = stack
        .sql(
            "SELECT ErrorType, groupUniqArray(ErrorGroup) FROM \
             (SELECT ErrorType, ErrorGroup FROM otel_logs UNION ALL SELECT ErrorType, ErrorGroup FROM otel_traces) \
             WHERE ErrorType != '' GROUP BY ErrorType",
        )
        .await?
        .rows;
    rows.into_iter()
        .map(|row| {
            let groups: Vec<String> = serde_json::from_value(row[1].clone())?;
            ensure!(groups.len() == 1, "{} has {} groups", row[0], groups.len());
            Ok((serde_json::from_value(row[0].clone())?, groups[0].clone()))
        })
        .collect()
}

fn frequent_user(events: &[Event]) -> Option<String> {
    let mut errors = BTreeMap::<&str, usize>::new();
    for event in events
        .iter()
        .filter(|event| event.facts.error.is_some() && !event.facts.user.is_empty())
    {
        *errors.entry(&event.facts.user).or_default() += 1;
    }
    errors
        .into_iter()
        .max_by_key(|&(_, count)| count)
        .map(|(user, _)| user.to_owned())
}

/// Returns the trace of a span with an error.
fn failed_trace(events: &[Event]) -> Option<String> {
    events.iter().find_map(|event| match &event.record {
        Record::Span(span) if event.facts.error.is_some() => Some(format!("{:032x}", span.context.trace_id)),
        _ => None,
    })
}

fn request(case: &Case, zone: &str) -> Result<QueryRequest> {
    Ok(QueryRequest {
        query: case.query.into(),
        time_range: TimeRange::Absolute {
            from: case.from.parse()?,
            to: case.to.parse()?,
        },
        params: serde_json::from_value(case.params.clone())?,
        tz: zone.into(),
        backend: lakefront_api::BackendChoice::Auto,
        max_lag_seconds: None,
        at: None,
        explain: false,
    })
}

fn expect(events: &[Event], case: &Case, zone: &str, groups: &BTreeMap<String, String>) -> Result<Vec<Row>> {
    let text = |name: &str| case.params[name].as_str().unwrap_or_default().to_owned();
    let instant = |text: &str| text.parse().map(Timestamp::as_microsecond);
    let default_limit = match case.query {
        "bounce_rate" | "error_occurrences" => 20,
        "errors_for_user" | "users_of_error" | "users_with_errors" => 100,
        "error_groups" | "api_routes" => 50,
        "trace_spans" => 500,
        _ => 10,
    };
    let arguments = Arguments {
        service: text("service"),
        environment: text("environment"),
        page: text("page"),
        route: text("route"),
        user_id: text("user_id"),
        error_group: text("error_group"),
        trace_id: text("trace_id"),
        limit: case.params["limit"].as_u64().unwrap_or(default_limit) as usize,
        now: instant(UNTIL)?,
        ..Arguments::new(instant(case.from)?, instant(case.to)?, TimeZone::get(zone)?)
    };
    let group_of: GroupOf<'_> = &|error| groups[error.fault.error_type()].clone();
    Ok(match case.query {
        "errors_per_hour" => expected::errors_per_hour(events, &arguments, group_of),
        "top_errors" => expected::top_errors(events, &arguments, group_of),
        "error_groups" => expected::error_groups(events, &arguments, group_of),
        "error_occurrences" => expected::error_occurrences(events, &arguments, group_of),
        "users_of_error" => expected::users_of_error(events, &arguments, group_of),
        "users_with_errors" => expected::users_with_errors(events, &arguments, group_of),
        "trace_spans" => expected::trace_spans(events, &arguments, group_of),
        "unique_visitors_per_day" => expected::unique_visitors_per_day(events, &arguments),
        "top_pages" => expected::top_pages(events, &arguments),
        "errors_for_user" => expected::errors_for_user(events, &arguments),
        "bounce_rate" => expected::bounce_rate(events, &arguments),
        "web_vitals" => expected::web_vitals(events, &arguments),
        "web_vitals_by_device" => expected::web_vitals_by_device(events, &arguments),
        "top_sources" => expected::top_sources(events, &arguments),
        "top_countries" => expected::top_countries(events, &arguments),
        "top_devices" => expected::top_devices(events, &arguments),
        "api_latency" => expected::api_latency(events, &arguments),
        "api_routes" => expected::api_routes(events, &arguments),
        "api_heatmap" => expected::api_heatmap(events, &arguments),
        "totals" => expected::totals(events, &arguments),
        "service_health" => expected::service_health(events, &arguments),
        "records_per_hour" => expected::records_per_hour(events, &arguments),
        "funnel" => expected::funnel(events, &arguments),
        other => anyhow::bail!("nobody knows what {other} should answer"),
    })
}

fn compare(answer: &Answer, expected: &[Row]) -> Result<()> {
    for (at, (got, want)) in answer.rows.iter().zip(expected).enumerate() {
        ensure!(
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| same(got, want)),
            "row {at} of {}:\n     got {got:?}\nexpected {want:?}",
            expected.len()
        );
    }
    ensure!(
        answer.rows.len() == expected.len(),
        "{} rows, expected {}",
        answer.rows.len(),
        expected.len()
    );
    Ok(())
}

fn same(got: &Value, want: &Cell) -> bool {
    match want {
        Cell::Text(text) => got.as_str() == Some(text),
        Cell::Count(count) => got.as_u64() == Some(*count),
        Cell::Share(share) => got.as_f64().is_some_and(|got| (got - share).abs() < 1e-12),
        Cell::Quantile(value) => got
            .as_f64()
            .is_some_and(|got| (got - value).abs() <= 0.01 * value.abs()),
        Cell::Time(time) => {
            got.as_str()
                .and_then(|got| got.parse::<Timestamp>().ok())
                .map(Timestamp::as_microsecond)
                == Some(*time)
        }
        Cell::Day(day) => got.as_str() == Some(&day.to_string()),
        Cell::Trend(counts) => *got == json!(counts),
        Cell::Nothing => got.is_null(),
        Cell::Any => !got.is_null(),
    }
}
