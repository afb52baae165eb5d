//! Third-party Iceberg readers return the rows that were sent over OTLP.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use lakefront_demo::{DAY, Event, Record, Shop};
use lakefront_tests::{Stack, python};
use serde_json::{Value, json};

const UNTIL: &str = "2026-03-02T06:00:00Z";
const DAYS: i64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_and_pyiceberg_read_what_was_sent() -> Result<()> {
    let to = UNTIL.parse::<Timestamp>()?.as_microsecond();
    let events = Shop::new(1, to).events(to - DAYS * DAY, to);
    let stack = Stack::start().await?;
    let accepted = stack
        .demo(&["--days", &DAYS.to_string(), "--until", UNTIL])
        .await?;
    let sent = sent(&events);
    assert_eq!(
        (json!(accepted.logs), json!(accepted.spans)),
        (sent["logs"].clone(), sent["traces"].clone())
    );

    let catalog = stack.lake().pyiceberg().to_string();
    let seen: Value = serde_json::from_str(&python("readers.py", &[&catalog]).await?)?;
    for reader in ["pyiceberg", "duckdb"] {
        let seen = &seen[reader];
        for (name, value) in sent.as_object().into_iter().flatten() {
            assert_eq!(&seen[name], value, "{name} by {reader}");
        }
        let kinds = seen["metrics"].as_object().context("metrics by kind")?;
        assert_eq!(kinds.len(), 5);
        for (kind, rows) in kinds {
            assert!(rows.as_u64() > Some(0), "no {kind} by {reader}");
        }
        assert_eq!(
            kinds.values().filter_map(Value::as_u64).sum::<u64>(),
            accepted.points,
            "data points by {reader}"
        );
    }
    // Each file's partition is one day, and the manifests have the row counts of the files.
    assert_eq!(seen["pyiceberg"]["files_rows"], sent["logs"]);
    let requests = events
        .iter()
        .filter(|event| event.facts.request.is_some())
        .count();
    assert_eq!(
        seen["duckdb"]["requests"],
        json!(requests),
        "requests in the histograms"
    );
    assert_eq!(seen["duckdb"]["broken_histograms"], json!(0));
    Ok(())
}

/// Returns the counts of the events that were sent.
fn sent(events: &[Event]) -> Value {
    let logs = events.iter().filter_map(|event| match &event.record {
        Record::Log(log) => Some(log),
        Record::Span(_) => None,
    });
    let spans = events.iter().filter_map(|event| match &event.record {
        Record::Log(_) => None,
        Record::Span(span) => Some(span),
    });
    json!({
        "logs": logs.clone().count(),
        "attributes": logs.map(|log| log.attributes.len()).sum::<usize>(),
        "traces": spans.clone().count(),
        // The unit is nanoseconds.
        "duration": spans.clone().map(|span| span.duration * 1_000).sum::<i64>(),
        "events": spans.clone().map(|span| span.events.len()).sum::<usize>(),
        "links": spans.map(|span| span.links.len()).sum::<usize>(),
        // Two days that begin at six in the morning touch three calendar days.
        "days": 3,
    })
}
