//! Searches: chDB over the lake, ClickHouse and the evaluator in Rust find the same rows, the newest first.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{Timestamp, ToSpan as _};
use lakefront_api::{ParamInfo, SearchRequest, Signal, Wanted};
use lakefront_query::{catalogue, plan, resolve_search};
use lakefront_search::Search;
use lakefront_tests::{Hot, Stack};
use serde_json::{Map, Value, json};

const UNTIL: &str = "2026-03-30T05:00:00Z";
/// The hours of the demo that are searched.
const HOURS: i64 = 2;
/// The number of searches of each signal.
const SEARCHES: usize = 60;
/// The number of searches of each signal with `LAKEFRONT_TEST_ALL`.
const ALL_SEARCHES: usize = 600;

type Row = Map<String, Value>;

/// Texts with characters that parsers, regular expressions and engines treat in a special way.
const BODIES: [&str; 10] = [
    "Connection refused: 10.0.0.7:5432 (ECONNREFUSED)",
    "ÜBER die Brücke, über alles",
    "straße STRASSE Straße",
    "a 'quoted' \"text\" with \\ back\\slashes % and _",
    "line one\nline two\ttabbed",
    "naïve café — 東京 timeout",
    "[a-z]+ (group) ^start$ {braces} $1 .*",
    "timeouts timeout_ms timeoutX Timeout",
    "İstanbul ſharp Kelvin K",
    "{\"json\": true, \"n\": 12}",
];
const VALUES: [&str; 12] = [
    "12",
    "1e3",
    "-5.5",
    "inf",
    "nan",
    " 7",
    "0x10",
    "12ms",
    "",
    "Ünïcode",
    "a*b",
    "+3",
];

#[tokio::test(flavor = "multi_thread")]
async fn all_tiers_find_the_rows_that_the_evaluator_finds() -> Result<()> {
    let stack = Stack::start().await?;
    let sent = stack
        .demo(&["--days", "1", "--seed", "11", "--until", UNTIL])
        .await?;
    send_odd_rows(&stack).await?;
    stack
        .committed("otel_logs", sent.logs + odd_rows().count() as u64)
        .await?;
    let hot = Hot::start(stack.lake()).await?;
    hot.cover("2026-01-01".parse()?).await?;

    let all = std::env::var_os("LAKEFRONT_TEST_ALL").is_some();
    let mut random = fastrand::Rng::with_seed(23);
    for signal in [Signal::Logs, Signal::Traces] {
        let rows = rows(&stack, signal).await?;
        ensure!(rows.len() > 100, "only {} rows of {}", rows.len(), signal.name());
        let mut texts: Vec<String> = fixed(signal).map(str::to_owned).collect();
        let random_texts = if all { ALL_SEARCHES } else { SEARCHES };
        texts.extend((0..random_texts).map(|_| text(&rows, signal, &mut random, 2)));
        let (mut with_rows, mut wrong) = (0, Vec::new());
        for text in &texts {
            match compare(&stack, &hot, signal, text, &rows).await {
                Ok(found) => with_rows += usize::from(found > 0 && found < rows.len()),
                Err(error) => wrong.push(format!("{error:#}")),
            }
        }
        println!(
            "{} searches of {}, {with_rows} with some of {} rows",
            texts.len(),
            signal.name(),
            rows.len()
        );
        for text in ["", "timeout", "-service:storefront duration:>1ms"] {
            if signal == Signal::Logs {
                compare_counts(&stack, &hot, signal, text, &rows, Wanted::Patterns).await?;
            }
            if signal == Signal::Traces {
                compare_counts(&stack, &hot, signal, text, &rows, Wanted::Durations).await?;
            }
            compare_counts(&stack, &hot, signal, text, &rows, Wanted::Fields).await?;
            compare_whole(&stack, &hot, signal, text, &rows).await?;
        }
        ensure!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
        ensure!(with_rows * 2 > texts.len(), "most searches must find some rows");
    }
    searches_find_what_queries_count(&stack).await
}

/// The columns that count records. Of a query with several, the first one in this list counts.
const COUNTS: [&str; 7] = [
    "records",
    "requests",
    "errors",
    "views",
    "page_views",
    "spans",
    "events",
];

/// The searches that a query names find as many records as the query counts.
async fn searches_find_what_queries_count(stack: &Stack) -> Result<()> {
    let now: Timestamp = UNTIL.parse()?;
    // Whole days, which no bucket widens.
    let range = json!({"from": "2026-03-29T00:00:00Z", "to": "2026-03-30T00:00:00Z"});
    let mut compared = 0;
    for query in catalogue().iter().filter(|query| !query.info.rows.is_empty()) {
        let info = &query.info;
        let at = COUNTS
            .iter()
            .find_map(|count| info.columns.iter().position(|column| column.name == *count));
        let Some(at) = at.filter(|_| !info.params.iter().any(ParamInfo::required)) else {
            continue;
        };
        let limit = info.params.iter().find(|param| param.name == "limit");
        let request = json!({
            "query": info.name, "timeRange": range, "tz": "UTC",
            "params": limit.map_or(json!({}), |limit| json!({"limit": limit.max})),
        });
        let counted: i64 = stack
            .query(&serde_json::from_value(request)?, now)
            .await?
            .rows
            .iter()
            .map(|row| whole(&row[at]))
            .sum::<Result<_>>()?;
        let mut found = 0;
        for (signal, search) in info.row_searches() {
            let request: SearchRequest = serde_json::from_value(json!({
                "signal": signal, "query": search, "timeRange": range, "wanted": "histogram",
            }))?;
            for slice in &resolve_search(&request, now)?.slices {
                let answer = stack.answer(slice, now).await?;
                let at = answer.columns.iter().position(|column| column.name == "rows");
                let at = at.context("a column rows")?;
                found += answer
                    .rows
                    .iter()
                    .map(|row| whole(&row[at]))
                    .sum::<Result<i64>>()?;
            }
        }
        ensure!(
            found == counted,
            "{} counts {counted}, its searches find {found}",
            info.name
        );
        compared += usize::from(counted > 0);
    }
    ensure!(compared > 8, "only {compared} queries counted something");
    Ok(())
}

/// Returns searches that must be compared in any case.
fn fixed(signal: Signal) -> impl Iterator<Item = &'static str> {
    let of_logs = [
        "",
        "refused",
        "REFUSED OR über",
        "\"(econnrefused)\"",
        "timeout",
        "timeout*",
        "*out",
        "*ime*",
        "-timeout*",
        "straße",
        "strasse",
        "\"\\\\ back\\\\\"",
        "\"% and _\"",
        "\"'quoted'\"",
        "\"^start$\"",
        "\"[a-z]+\"",
        "\"one\nline\"",
        "kelvin",
        "K",
        "istanbul",
        "東京",
        "*京*",
        "odd:*",
        "-odd:*",
        "odd:>5",
        "odd:[-6 TO 20]",
        "odd:<=-5",
        "odd:>a",
        "odd:12",
        "odd:\"\"",
        "odd:1*",
        "odd:*ms",
        "odd:\"a*b\"",
        "level:error",
        "level:>=warn",
        "-status:>=400",
        "status:*",
        "duration:>100ms",
        "-duration:>100ms",
        "bot:true",
        "session:*",
    ];
    let of_traces = [
        "",
        "status:error",
        "status:>=500",
        "duration:>100ms",
        "kind:server -status:[200 TO 299]",
        "parent:\"\"",
        "-parent:*",
        "name:\"GET \"*",
    ];
    let mine: &'static [&'static str] = match signal {
        Signal::Logs => Box::leak(Box::new(of_logs)),
        Signal::Traces => Box::leak(Box::new(of_traces)),
    };
    mine.iter().copied()
}

/// Searches on both tiers, compares the rows with those of the evaluator, and returns their number.
async fn compare(stack: &Stack, hot: &Hot, signal: Signal, text: &str, rows: &[Row]) -> Result<usize> {
    let until: Timestamp = UNTIL.parse()?;
    let request: SearchRequest = serde_json::from_value(json!({
        "signal": signal, "query": text, "limit": 1000,
        "timeRange": {"from": until.checked_sub(HOURS.hours())?, "to": until},
    }))?;
    let search = Search::parse(signal, text).with_context(|| text.to_owned())?;
    let fitting = rows.iter().filter(|row| search.fits(*row));
    let expected: Vec<i64> = fitting.map(row_id).take(1_000).collect::<Result<_>>()?;
    let slices = resolve_search(&request, until)?;
    let (mut lake, mut held) = (Vec::new(), Vec::new());
    for slice in &slices.slices {
        let answer = stack
            .answer(slice, until)
            .await
            .with_context(|| text.to_owned())?;
        lake.extend(ids(&answer)?);
        let plan = plan(slice, &Hot::topology("2026-01-01".parse()?, until), until)?;
        let answer = hot.answer(plan).await.with_context(|| text.to_owned())?;
        held.extend(ids(&answer)?);
    }
    lake.truncate(1_000);
    held.truncate(1_000);
    let difference = |found: &[i64]| {
        let (found, wanted): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), expected.iter().collect());
        let odd = found.symmetric_difference(&wanted).next().copied().copied();
        let row = rows.iter().find(|row| row_id(row).ok() == odd);
        // The first characters show the body and the attributes of most rows.
        serde_json::to_string(&row).map(|row| row.chars().take(1_500).collect::<String>())
    };
    ensure!(lake == expected, "lake: {text}\n{:?}", difference(&lake));
    ensure!(held == expected, "ClickHouse: {text}\n{:?}", difference(&held));
    Ok(expected.len())
}

/// Compares the patterns, or the values of fields, of both tiers, and their numbers of rows with those of the evaluator.
async fn compare_counts(
    stack: &Stack,
    hot: &Hot,
    signal: Signal,
    text: &str,
    rows: &[Row],
    wanted: Wanted,
) -> Result<()> {
    let until: Timestamp = UNTIL.parse()?;
    let request: SearchRequest = serde_json::from_value(json!({
        "signal": signal, "query": text, "limit": 1000, "wanted": wanted,
        "timeRange": {"from": until.checked_sub(HOURS.hours())?, "to": until},
    }))?;
    let slices = resolve_search(&request, until)?;
    let [slice] = &slices.slices[..] else {
        bail!("{} slices", slices.slices.len());
    };
    let lake = stack.answer(slice, until).await?;
    let plan = plan(slice, &Hot::topology("2026-01-01".parse()?, until), until)?;
    let held = hot.answer(plan).await?;
    let name = wanted.name();
    ensure!(
        lake.rows == held.rows,
        "{name} of {text:?}:\n{:?}\n{:?}",
        lake.rows,
        held.rows
    );

    let search = Search::parse(signal, text)?;
    let expected = rows.iter().filter(|row| search.fits(*row)).count();
    let number = |row: &[Value], name: &str| {
        let at = lake.columns.iter().position(|column| column.name == name);
        whole(&row[at.with_context(|| format!("a column {name}"))?])
    };
    match wanted {
        Wanted::Patterns => {
            let lines: Vec<i64> = lake
                .rows
                .iter()
                .map(|row| number(row, "lines"))
                .collect::<Result<_>>()?;
            ensure!(
                usize::try_from(lines.iter().sum::<i64>())? == expected,
                "{lines:?} lines, not {expected}"
            );
            ensure!(
                !lines.is_empty() && lines.len() < 200,
                "{} patterns of {text:?}",
                lines.len()
            );
        }
        Wanted::Durations => {
            let spans: Vec<i64> = lake
                .rows
                .iter()
                .map(|row| number(row, "rows"))
                .collect::<Result<_>>()?;
            ensure!(
                usize::try_from(spans.iter().sum::<i64>())? == expected,
                "{spans:?} spans, not {expected}"
            );
            ensure!(
                expected == 0 || spans.len() > 2,
                "{} cells of {text:?}",
                spans.len()
            );
        }
        _ => {
            let sizes = lake.rows.first().context("the sizes")?;
            let all = number(sizes, "all_found")? + number(sizes, "all_others")?;
            ensure!(
                usize::try_from(number(sizes, "all_found")?)? == expected,
                "{sizes:?}, not {expected}"
            );
            ensure!(
                usize::try_from(all)? == rows.len(),
                "{sizes:?}, not {}",
                rows.len()
            );
            ensure!(lake.rows.len() > 20, "{} values", lake.rows.len());
        }
    }
    Ok(())
}

/// Compares whole rows, and the columns that a caller chose, on both tiers with those of the table. A condition in SQL finds what
/// the same search finds.
async fn compare_whole(stack: &Stack, hot: &Hot, signal: Signal, text: &str, rows: &[Row]) -> Result<()> {
    let until: Timestamp = UNTIL.parse()?;
    let search = Search::parse(signal, text)?;
    let expected: Vec<&Row> = rows.iter().filter(|row| search.fits(*row)).take(100).collect();
    let request = json!({
        "signal": signal, "query": text, "limit": 100, "wanted": "records", "columns": "odd, duration, bot, service, \"level\"",
        "timeRange": {"from": until.checked_sub(HOURS.hours())?, "to": until},
    });
    let with = |change: Value| -> Result<_> {
        let mut request = request.clone();
        let change = change.as_object().context("an object")?;
        request
            .as_object_mut()
            .context("an object")?
            .extend(change.clone());
        Ok(resolve_search(&serde_json::from_value(request)?, until)?)
    };
    let topology = Hot::topology("2026-01-01".parse()?, until);

    let whole = with(json!({}))?.whole().context("a statement")?;
    let rows_of = |answer: lakefront_clickhouse_http::Answer| -> Vec<Row> {
        let names: Vec<_> = answer.columns.iter().map(|column| column.name.clone()).collect();
        let row = |values: Vec<Value>| names.iter().cloned().zip(values).collect();
        answer.rows.into_iter().map(row).collect()
    };
    let lake = rows_of(stack.answer(&whole, until).await?);
    let held = rows_of(hot.answer(plan(&whole, &topology, until)?).await?);
    ensure!(
        lake.iter().eq(expected.iter().copied()),
        "whole rows of {text:?} in the lake"
    );
    // ClickHouse keeps the columns in another order.
    ensure!(
        ids_of(&held)? == ids_of(&lake)?,
        "whole rows of {text:?} in ClickHouse"
    );

    let list = with(json!({"wanted": "rows"}))?.whole().context("a statement")?;
    for answer in [
        stack.answer(&list, until).await?,
        hot.answer(plan(&list, &topology, until)?).await?,
    ] {
        let at = answer.columns.iter().position(|column| column.name == "columns");
        let at = at.context("a column of columns")?;
        ensure!(answer.rows.len() == expected.len(), "{} rows", answer.rows.len());
        for (found, row) in answer.rows.iter().zip(&expected) {
            let wanted = json!([
                attribute(row, signal, "odd"),
                shown(row.get(if signal == Signal::Logs {
                    "DurationMs"
                } else {
                    "Duration"
                })),
                shown(row.get("IsBot")),
                shown(row.get("ServiceName")),
                attribute(row, signal, "level"),
            ]);
            ensure!(found[at] == wanted, "{} and {wanted}", found[at]);
        }
    }

    let sql = "ServiceName != 'storefront' AND SeverityNumber >= 9 -- a comment";
    if signal == Signal::Logs {
        let slices = with(json!({"wanted": "rows", "query": sql, "language": "sql"}))?;
        let answer = stack
            .answer(&slices.whole().context("a statement")?, until)
            .await?;
        let search = Search::parse(signal, "-service:storefront level:>=info")?;
        let fitting = rows.iter().filter(|row| search.fits(*row)).take(100);
        let expected: Vec<i64> = fitting.map(row_id).collect::<Result<_>>()?;
        ensure!(!expected.is_empty() && ids(&answer)? == expected, "{sql}");
    }
    Ok(())
}

fn ids_of(rows: &[Row]) -> Result<Vec<i64>> {
    rows.iter().map(row_id).collect()
}

/// Returns a value as the engines write it as a text. An absent one is empty.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Returns the value of an attribute: of the record, else of the resource.
fn attribute(row: &Row, signal: Signal, name: &str) -> String {
    let own = match signal {
        Signal::Logs => "LogAttributes",
        Signal::Traces => "SpanAttributes",
    };
    let of = |map: &str| Some(row.get(map)?.get(name)?.as_str()?.to_owned());
    of(own)
        .filter(|value| !value.is_empty())
        .or_else(|| of("ResourceAttributes"))
        .unwrap_or_default()
}

fn ids(answer: &lakefront_clickhouse_http::Answer) -> Result<Vec<i64>> {
    let at = answer.columns.iter().position(|column| column.name == "row_id");
    let at = at.context("a column row_id")?;
    answer.rows.iter().map(|row| whole(&row[at])).collect()
}

fn row_id(row: &Row) -> Result<i64> {
    whole(row.get("RowId").context("a RowId")?)
}

fn whole(value: &Value) -> Result<i64> {
    match value {
        Value::String(text) => Ok(text.parse()?),
        number => number.as_i64().context("a whole number"),
    }
}

/// Returns all rows of the range with their columns, the newest first.
async fn rows(stack: &Stack, signal: Signal) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT * FROM {} WHERE Timestamp >= toDateTime64('{UNTIL}', 6) - INTERVAL {HOURS} HOUR \
         AND Timestamp < toDateTime64('{UNTIL}', 6) ORDER BY Timestamp DESC, RowId DESC",
        signal.table()
    );
    let sql = sql.replace(&format!("'{UNTIL}'"), "'2026-03-30 05:00:00'");
    let answer = stack.sql(&sql).await?;
    let names: Vec<_> = answer.columns.iter().map(|column| column.name.clone()).collect();
    let row = |values: Vec<Value>| names.iter().cloned().zip(values).collect();
    Ok(answer.rows.into_iter().map(row).collect())
}

fn odd_rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    BODIES
        .iter()
        .flat_map(|body| VALUES.iter().map(move |value| (*body, *value)))
}

/// Sends a log record for each combination of an odd body and an odd value.
async fn send_odd_rows(stack: &Stack) -> Result<()> {
    let until: Timestamp = UNTIL.parse()?;
    let mut records = Vec::new();
    for (at, (body, value)) in (1_i64..).zip(odd_rows()) {
        records.push(json!({
            "timeUnixNano": until.checked_sub((at * 7).seconds())?.as_nanosecond().to_string(),
            "severityNumber": at % 25,
            "body": {"stringValue": body},
            "attributes": [{"key": "odd", "value": {"stringValue": value}}],
        }));
    }
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "odd service"}}]},
        "scopeLogs": [{"scope": {"name": "odd"}, "logRecords": records}],
    }]});
    let reply = reqwest::Client::new()
        .post(format!("{}/v1/logs", stack.ingest_url()))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await?;
    ensure!(reply.status().is_success(), "{}", reply.text().await?);
    Ok(())
}

/// Returns a random search whose words and values are mostly those of rows.
fn text(rows: &[Row], signal: Signal, random: &mut fastrand::Rng, depth: usize) -> String {
    let term = match random.u32(0..3) {
        0 if depth > 0 => format!("({})", text(rows, signal, random, depth - 1)),
        _ => term(&rows[random.usize(..rows.len())], signal, random),
    };
    let term = match random.u32(0..5) {
        0 => format!("-{term}"),
        _ => term,
    };
    match random.u32(0..5) {
        0 if depth > 0 => format!("{term} {}", text(rows, signal, random, depth - 1)),
        1 if depth > 0 => format!("{term} OR {}", text(rows, signal, random, depth - 1)),
        _ => term,
    }
}

/// Returns a test that a row passes, or nearly.
fn term(row: &Row, signal: Signal, random: &mut fastrand::Rng) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let attributes = match signal {
        Signal::Logs => "LogAttributes",
        Signal::Traces => "SpanAttributes",
    };
    let map = if random.bool() {
        attributes
    } else {
        "ResourceAttributes"
    };
    let pairs: Vec<(&String, &str)> = row
        .get(map)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key, value.as_str()?)))
        .collect();
    let own = row.get(if signal == Signal::Logs {
        "Body"
    } else {
        "SpanName"
    });
    let own = own.and_then(Value::as_str).unwrap_or_default();
    let value = match pairs.get(random.usize(..pairs.len().max(1))) {
        Some((_, value)) if own.is_empty() || random.bool() => value,
        _ => own,
    };
    let cut = |text: &str, random: &mut fastrand::Rng| -> String {
        let letters: Vec<char> = text.chars().collect();
        let from = random.usize(..letters.len().max(1));
        letters.into_iter().skip(from).take(random.usize(1..12)).collect()
    };
    let column = |name: &str| row.get(name).map(Value::to_string).unwrap_or_default();
    match random.u32(0..9) {
        0 | 1 => {
            let mut words: Vec<&str> = value
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty() && !["AND", "OR", "NOT", "TO"].contains(word))
                .collect();
            words.push("error");
            let word = words[random.usize(..words.len())];
            match random.u32(0..3) {
                0 => word.to_owned(),
                1 => format!("{}*", word.to_uppercase()).replace("OR*", "or*"),
                _ => format!("*{word}"),
            }
        }
        2 | 3 if !value.is_empty() => quoted(&cut(value, random)),
        4 | 5 if !pairs.is_empty() => {
            let (key, value) = pairs[random.usize(..pairs.len())];
            let key = quoted(key);
            match random.u32(0..6) {
                0 => format!("{key}:*"),
                1 => format!("{key}:{}*", quoted(&value.chars().take(3).collect::<String>())),
                2 => format!("{key}:>={}", quoted(value)),
                3 => format!("{key}:[{} TO {}]", quoted(value), quoted("zz")),
                _ => format!("{key}:{}", quoted(value)),
            }
        }
        6 => format!("service:{}", column("ServiceName")),
        7 if signal == Signal::Logs => format!("level:>={}", column("SeverityNumber")),
        7 => format!("duration:>={}ns", column("Duration").trim_matches('"')),
        _ => match row.get("HttpStatusCode").and_then(Value::as_i64) {
            Some(status) => format!("status:[{} TO {status}]", status - 100),
            None => "status:*".into(),
        },
    }
}
