//! Equivalence of the tiers: every named query returns exactly the same rows from the lake and from ClickHouse.

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use lakefront_api::{BackendKind, QueryInfo, QueryRequest, Reason};
use lakefront_otel::decode::Signal;
use lakefront_otlp::{FIELDS_EVENT, Format, Limits, Usage, accept, own_logs};
use lakefront_query::{Definition, catalogue};
use lakefront_router::telemetry::event::{self, FailedAttempt, QueryEvent, export};
use lakefront_tests::{Hot, Stack};
use serde_json::{Value, json};

/// Some hours after the change to summer time in Berlin, so that the short day is inside the range.
const UNTIL: &str = "2026-03-30T05:00:00Z";
const DAYS: i64 = 4;
const ZONES: [&str; 3] = ["UTC", "Asia/Kathmandu", "Europe/Berlin"];
/// Number of random ranges per query and zone, besides the chosen ones.
const RANDOM_RANGES: usize = 6;

/// Ranges with edge cases.
const RANGES: [(&str, &str); 8] = [
    ("2026-03-26T05:00:00Z", UNTIL),
    // One UTC day, the short day of Berlin, and the days around it.
    ("2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"),
    ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
    ("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"),
    // The hour that Berlin skips, with the hours beside it.
    ("2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"),
    // Ends within a bucket.
    ("2026-03-27T18:14:59.999999Z", "2026-03-27T18:15:00.000001Z"),
    // An empty range, and one before the lake's first day.
    ("2026-03-28T00:00:00Z", "2026-03-28T00:00:00Z"),
    ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
];

const FILTERS: [(&str, &str); 4] = [
    ("", ""),
    ("storefront", ""),
    ("", "production"),
    ("shop-api", "staging"),
];

#[tokio::test(flavor = "multi_thread")]
async fn both_tiers_give_the_same_answer() -> Result<()> {
    let stack = Stack::start().await?;
    let days = DAYS.to_string();
    let sent = stack
        .demo(&["--days", &days, "--seed", "11", "--until", UNTIL])
        .await?;
    tell(&stack, sent.logs).await?;
    let hot = Hot::start(stack.lake()).await?;
    let begin: Date = "2026-01-01".parse()?;
    hot.cover(begin).await?;
    same_rows(&stack, &hot).await?;

    let known = Known::of(&stack).await?;
    let now: Timestamp = UNTIL.parse()?;
    let mut random = fastrand::Rng::with_seed(11);
    let (mut asked, mut with_rows) = (0, 0);
    // Each filter is combined with each query, each zone and each range. Only `cargo xtask test --all` runs every
    // combination.
    let all = std::env::var_os("LAKEFRONT_TEST_ALL").is_some();
    for (q, query) in catalogue().iter().enumerate() {
        for (z, zone) in ZONES.into_iter().enumerate() {
            let chosen = RANGES.iter().map(|(from, to)| (json!(from), json!(to)));
            let ranges: Vec<_> = chosen
                .chain((0..RANDOM_RANGES).map(|_| random_range(&mut random, now)))
                .collect();
            for (r, (from, to)) in ranges.into_iter().enumerate() {
                let chosen = (q + z + r) % FILTERS.len();
                for (service, environment) in if all {
                    &FILTERS[..]
                } else {
                    &FILTERS[chosen..=chosen]
                } {
                    let mut params = own_params(&query.info, &known, &mut random);
                    params["service"] = json!(service);
                    params["environment"] = json!(environment);
                    let request = json!({
                        "query": query.info.name,
                        "timeRange": {"from": from, "to": to},
                        "tz": zone,
                        "params": params,
                    });
                    let rows = compare(&stack, &hot, &request, begin, now).await?;
                    asked += 1;
                    with_rows += usize::from(rows > 0);
                }
            }
        }
    }
    println!("{asked} questions asked of both tiers, {with_rows} with rows in the answer");
    // Most answers must have rows, or the comparison would prove nothing.
    ensure!(
        with_rows * 2 > asked,
        "only {with_rows} of {asked} answers have rows"
    );

    for query in catalogue() {
        edges_of_retention(&stack, &hot, query, &known).await?;
    }
    a_range_that_is_not_covered_is_refused(&hot, begin, now).await
}

/// Sends router decisions and counts of what was sent in these days to ingest, and waits until they are committed after `logs` log records.
async fn tell(stack: &Stack, logs: u64) -> Result<()> {
    const MINUTES: i64 = DAYS * 24 * 60;
    let until: Timestamp = UNTIL.parse()?;
    let mut decisions = Vec::new();
    for minute in (0..MINUTES).step_by(7) {
        let (backend, reason) = if minute % 3 == 0 {
            ("chdb", "failover")
        } else {
            ("clickhouse", "view")
        };
        let reply = json!({
            "columns": [], "rows": [], "truncated": false, "backend": backend, "reason": reason, "lagSeconds": 0,
            "elapsedMs": minute as f64 / 2.0, "backendMs": 1.0, "stats": {"rowsRead": 0, "bytesRead": 0},
        });
        let failed = (reason == "failover").then(|| FailedAttempt {
            kind: BackendKind::Clickhouse,
            region: Some("us".into()),
            failure: "deadline".into(),
        });
        let at = until.checked_sub(minute.minutes())?;
        let reply = Ok(serde_json::from_value(reply)?);
        decisions.extend(QueryEvent::of(
            "top_pages".into(),
            &reply,
            failed.into_iter().collect(),
            at,
        ));
    }
    let counts = usage(until, MINUTES)?;
    let fields = fields(until, MINUTES)?;
    let told = (decisions.len() + counts.len() + fields.len()) as u64;
    let fields = own_logs("lakefront-ingest", fields);
    for body in [export(&decisions), event::logs(counts), fields] {
        let reply = reqwest::Client::new()
            .post(format!("{}/v1/logs", stack.ingest_url()))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        ensure!(reply.status().is_success(), "{}", reply.text().await?);
    }
    stack.committed("otel_logs", logs + told).await
}

/// Returns counts of fields in the minutes before a time.
fn fields(until: Timestamp, minutes: i64) -> Result<Vec<Value>> {
    let services = ["storefront", "shop-api", "payments"];
    (0..minutes)
        .step_by(37)
        .map(|minute| {
            let at = until.checked_sub(minute.minutes())?.as_nanosecond();
            let routes = (0..minute % 20).map(|route| (format!("/{route}"), json!(route + 1)));
            let body = json!({
                "signal": if minute % 2 == 0 { "logs" } else { "traces" },
                "service": services[minute.unsigned_abs() as usize % 3],
                "environment": "production",
                "records": minute,
                "fields": {
                    "route": {"records": minute, "values": Value::from_iter(routes)},
                    format!("key-{}", minute % 50): {"records": 1, "values": {}},
                },
            });
            Ok(json!({
                "timeUnixNano": at.to_string(),
                "eventName": FIELDS_EVENT,
                "body": {"stringValue": body.to_string()},
            }))
        })
        .collect()
}

/// Returns counts of what senders sent in the minutes before a time.
fn usage(until: Timestamp, minutes: i64) -> Result<Vec<Value>> {
    let mut events = Vec::new();
    for minute in (0..minutes).step_by(11) {
        let at = until.checked_sub(minute.minutes())?.as_microsecond();
        let (service, environment) = match minute % 3 {
            0 => ("storefront", "production"),
            1 => ("shop-api", "staging"),
            _ => ("payments", "production"),
        };
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let resource = [
            text("service.name", service),
            text("deployment.environment.name", environment),
        ];
        // The second record is rejected.
        let records =
            json!([{"body": {"stringValue": "x".repeat(minute as usize % 500)}}, {"timeUnixNano": "1"}]);
        let body = json!({"resourceLogs": [{
            "resource": {"attributes": resource},
            "scopeLogs": [{"logRecords": records}],
        }]});
        let limits = Limits::of_body(1 << 20);
        let body = body.to_string();
        let accepted = accept(Signal::Logs, Format::Json, body.as_bytes(), at, 0, limits)?;
        let mut usage = Usage::default();
        usage.accepted(if minute % 2 == 0 { "shop" } else { "" }, Signal::Logs, &accepted);
        usage.refused(
            "shop",
            "traces",
            if minute % 2 == 0 { "payload" } else { "budget" },
        );
        usage.stored("otel_logs", 1_000, 30_000_000_000 + minute.unsigned_abs());
        usage.committed("otel_logs", 60);
        usage.sent(Signal::Logs, 3, 1_000, 1_000_000_000);
        events.extend(usage.take(if minute % 4 == 0 { "ingest" } else { "worker" }, at));
    }
    Ok(events)
}

/// Checks that every row arrived in ClickHouse exactly once.
async fn same_rows(stack: &Stack, hot: &Hot) -> Result<()> {
    for table in lakefront_otel::tables() {
        let count = |table: &str| format!("SELECT count(), sum(cityHash64(RowId)) FROM {table}");
        let lake = stack.sql(&count(table.name)).await?.rows;
        let held = hot.sql(&count(&format!("otel.{}", table.name))).await?.rows;
        ensure!(
            lake == held,
            "{}: {lake:?} in the lake, {held:?} in ClickHouse",
            table.name
        );
    }
    Ok(())
}

/// Queries both tiers, compares their answers, and returns the number of rows.
async fn compare(stack: &Stack, hot: &Hot, request: &Value, begin: Date, now: Timestamp) -> Result<usize> {
    let request: QueryRequest = serde_json::from_value(request.clone())?;
    let plan = Hot::plan(&request, begin, now).with_context(|| format!("{request:?}"))?;
    let lake = stack.query(&request, now).await?;
    let held = hot.answer(plan).await?;
    ensure!(
        lake.columns == held.columns,
        "{request:?}\nlake {:?}\n hot {:?}",
        lake.columns,
        held.columns
    );
    for (at, (lake, held)) in lake.rows.iter().zip(&held.rows).enumerate() {
        let same = |(lake, held): (&Value, &Value)| {
            lake == held || request.query.starts_with("metric_") && nearly_equal(lake, held)
        };
        ensure!(
            lake.len() == held.len() && lake.iter().zip(held).all(same),
            "{request:?}\nrow {at}\nlake {lake:?}\n hot {held:?}"
        );
    }
    ensure!(
        lake.rows.len() == held.rows.len(),
        "{request:?}\nlake {} rows, hot {}",
        lake.rows.len(),
        held.rows.len()
    );
    Ok(lake.rows.len())
}

/// Compares two sums of doubles. Their last digits depend on the order in which an engine reads the points.
fn nearly_equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        _ => false,
    }
}

/// Checks the end of a query's retention. On the last day the view answers as the lake does; a day later only the lake
/// may answer.
async fn edges_of_retention(stack: &Stack, hot: &Hot, query: &Definition, known: &Known) -> Result<()> {
    let retention = query.hot.as_ref().context("a hot statement")?.retention_days;
    let params = known.required(&query.info);
    let (from, to) = ("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z");
    let request = json!({
        "query": query.info.name,
        "timeRange": {"from": from, "to": to},
        "params": params,
    });
    // Days that the query looks back are kept longer.
    let begin = "2026-03-28".parse::<Date>()?;
    let begin = begin.checked_sub(i64::from(query.look_back_days).days())?;
    let day_after = begin.checked_add(i64::from(retention + 1).days())?;
    let day_after = day_after.to_zoned(TimeZone::UTC)?.timestamp();
    let last = day_after.checked_sub(1.microsecond())?;
    let rows = compare(stack, hot, &request, begin, last).await?;
    // The demo sends neither summaries nor exemplars.
    let is_sent = !["metric_summary", "metric_exemplars"].contains(&query.info.name.as_str());
    ensure!(
        rows > 0 || !is_sent,
        "{} has no rows at the edge of its retention",
        query.info.name
    );

    let request: QueryRequest = serde_json::from_value(request)?;
    ensure!(
        Hot::plan(&request, begin, day_after).is_err(),
        "{} is answered by ClickHouse after its retention",
        query.info.name
    );
    Ok(())
}

/// Checks that the statement itself refuses an uncovered range, even if the plan expects it to be covered.
async fn a_range_that_is_not_covered_is_refused(hot: &Hot, begin: Date, now: Timestamp) -> Result<()> {
    let first_day: Date = "2026-03-29".parse()?;
    hot.cover(first_day).await?;
    for query in catalogue() {
        let covered = first_day.checked_add(i64::from(query.look_back_days).days())?;
        let covered = covered.to_zoned(TimeZone::UTC)?.timestamp();
        let ask = |from: Timestamp| -> Result<_> {
            let params = Known::default().required(&query.info);
            let request = json!({
                "query": query.info.name,
                "timeRange": {"from": from, "to": covered.checked_add(24.hours())?},
                "params": params,
            });
            Hot::plan(&serde_json::from_value(request)?, begin, now)
        };
        let name = &query.info.name;
        let plan = ask(covered)?;
        ensure!(matches!(plan.attempts[0].reason, Reason::View | Reason::Indexed));
        hot.answer(plan)
            .await
            .with_context(|| format!("{name} is covered"))?;
        let refused = hot.answer(ask(covered.checked_sub(1.microsecond())?)?).await;
        let error = format!(
            "{:#}",
            refused.err().with_context(|| format!("{name} is not covered"))?
        );
        ensure!(
            error.contains("does not hold all of this range"),
            "{name}: {error}"
        );
    }
    Ok(())
}

/// Values of required parameters, taken from the demo's events.
#[derive(Default)]
struct Known {
    user_id: String,
    error_group: String,
    trace_id: String,
    visitor_id: String,
}

impl Known {
    async fn of(stack: &Stack) -> Result<Self> {
        Ok(Self {
            user_id: frequent(stack, "UserId").await?,
            error_group: frequent(stack, "ErrorGroup").await?,
            trace_id: frequent(stack, "TraceId").await?,
            visitor_id: frequent(stack, "VisitorId").await?,
        })
    }

    /// Returns the required parameters of a query. A parameter without a known value gets one that no row has.
    fn required(&self, info: &QueryInfo) -> Value {
        let mut params = json!({});
        for param in info.params.iter().filter(|param| param.required()) {
            let value = match param.name.as_str() {
                "user_id" => &self.user_id,
                "error_group" => &self.error_group,
                "trace_id" => &self.trace_id,
                "visitor_id" => &self.visitor_id,
                "event_name" => &"shop.cart_added".to_owned(),
                "metric" => &metric_of(&info.name).to_owned(),
                other => panic!("{} requires {other}, of which no value is known", info.name),
            };
            params[&param.name] = json!(if value.is_empty() { "nothing" } else { value });
        }
        params
    }
}

/// Returns a metric of the demo that a query reads. The demo sends no summaries.
fn metric_of(query: &str) -> &'static str {
    match query {
        "metric_gauge" => "process.memory.usage",
        "metric_sum" => "shop.orders",
        "metric_exponential_histogram" => "db.client.operation.duration",
        _ => "http.server.request.duration",
    }
}

/// Returns parameters for a query: the required ones, and a random choice of the optional ones.
fn own_params(info: &QueryInfo, known: &Known, random: &mut fastrand::Rng) -> Value {
    let mut params = known.required(info);
    let optional = [
        ("limit", json!(random.u32(1..20))),
        ("page", json!("/product/:id")),
        ("route", json!("/api/search")),
        ("country", json!("DE")),
        ("device", json!("mobile")),
        ("source", json!("(direct)")),
        ("group", json!("service")),
        ("error_group", json!(known.error_group)),
    ];
    for (name, value) in optional {
        let takes = info.params.iter().any(|param| param.name == name);
        if takes && params.get(name).is_none() && random.bool() {
            params[name] = value;
        }
    }
    params
}

/// Returns a random range, one hour to some days long, with ends at any microsecond.
fn random_range(random: &mut fastrand::Rng, until: Timestamp) -> (Value, Value) {
    const HOUR: i64 = 3_600_000_000;
    let length = HOUR << random.u32(0..7);
    let to = until.as_microsecond() - random.i64(0..DAYS * 24 * HOUR);
    let time = |at| {
        Timestamp::from_microsecond(at)
            .map(|at| json!(at.to_string()))
            .unwrap_or_default()
    };
    (time(to - length), time(to))
}

/// Returns the most frequent value of a column among the errors.
async fn frequent(stack: &Stack, column: &str) -> Result<String> {
    let answer = stack
        .sql(&format!(
            "SELECT {column} FROM (SELECT {column}, ErrorType FROM otel_logs UNION ALL SELECT {column}, ErrorType FROM otel_traces) \
             WHERE ErrorType != '' AND {column} != '' GROUP BY {column} ORDER BY count() DESC, {column} LIMIT 1"
        ))
        .await?;
    let value = answer.rows.first().context("there were no errors")?[0].as_str();
    Ok(value.context("text")?.to_owned())
}
