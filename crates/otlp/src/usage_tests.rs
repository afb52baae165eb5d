use std::collections::HashMap;

use super::*;
use crate::{Format, Limits, accept};

/// 2026-03-24T12:00:00Z in microseconds.
const NOW: i64 = 1_774_353_600_000_000;

fn logs(resources: &[(&str, usize)]) -> Accepted {
    let resources: Vec<_> = resources
        .iter()
        .map(|(service, records)| {
            let record = json!({"timeUnixNano": (i128::from(NOW) * 1000).to_string()});
            json!({
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeLogs": [{"logRecords": vec![record; *records]}],
            })
        })
        .collect();
    let body = json!({"resourceLogs": resources}).to_string();
    let limits = Limits::of_body(16 << 20);
    accept(Signal::Logs, Format::Json, body.as_bytes(), NOW, 0, limits).unwrap()
}

/// Returns the values of each event's body.
fn taken(usage: &mut Usage) -> Vec<HashMap<String, String>> {
    let events = usage.take("ingest", NOW);
    let values = |event: &Value| {
        assert_eq!(event["eventName"], "lakefront.usage");
        assert_eq!(event["timeUnixNano"], "1774353600000000000");
        let values = event["body"]["kvlistValue"]["values"].as_array().unwrap().clone();
        let values = values.into_iter().map(|value| {
            let of = &value["value"];
            let text = of["stringValue"].as_str().or_else(|| of["intValue"].as_str());
            (
                value["key"].as_str().unwrap().to_owned(),
                text.unwrap().to_owned(),
            )
        });
        values.collect()
    };
    events.iter().map(values).collect()
}

fn sum(events: &[HashMap<String, String>], of: &str) -> u64 {
    events.iter().map(|event| event[of].parse::<u64>().unwrap()).sum()
}

#[test]
fn records_and_bytes_count_for_their_services() {
    let mut usage = Usage::default();
    let accepted = logs(&[("shop", 2), ("blog", 1)]);
    usage.accepted("web", Signal::Logs, &accepted);
    usage.accepted("web", Signal::Logs, &accepted);
    let events = taken(&mut usage);
    let of = |service: &str| events.iter().find(|event| event["service"] == service).unwrap();
    assert_eq!(
        (of("shop")["records"].as_str(), of("blog")["records"].as_str()),
        ("4", "2")
    );
    assert_eq!(
        (of("shop")["requests"].as_str(), of("blog")["requests"].as_str()),
        ("2", "0")
    );
    assert_eq!(sum(&events, "bytes"), 2 * accepted.body_bytes as u64);
    assert_eq!(of("shop")["key"], "web");
    assert_eq!(of("shop")["signal"], "logs");
    assert_eq!(of("shop")["outcome"], "accepted");
    assert!(taken(&mut usage).is_empty(), "counts are taken once");
}

#[test]
fn rejected_records_and_refused_requests_have_a_reason() {
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1"}, {"timeUnixNano": "2"}]}]}]});
    let limits = Limits::of_body(16 << 20);
    let accepted = accept(
        Signal::Logs,
        Format::Json,
        body.to_string().as_bytes(),
        NOW,
        0,
        limits,
    )
    .unwrap();
    let mut usage = Usage::default();
    usage.accepted("", Signal::Logs, &accepted);
    usage.refused("", "logs", "media_type");
    let events = taken(&mut usage);
    let of = |outcome: &str| events.iter().find(|event| event["outcome"] == outcome).unwrap();
    assert_eq!(
        (
            of("rejected")["reason"].as_str(),
            of("rejected")["records"].as_str()
        ),
        ("time", "2")
    );
    assert_eq!(
        (
            of("refused")["reason"].as_str(),
            of("refused")["requests"].as_str()
        ),
        ("media_type", "1")
    );
    assert_eq!(sum(&events, "requests"), 2);
}

#[test]
fn many_and_long_names_are_bounded_and_nothing_is_lost() {
    let mut usage = Usage::default();
    for batch in 0..50 {
        let names: Vec<String> = (0..1_000)
            .map(|name| format!("{}-{batch}-{name}", "x".repeat(5_000 / 50)))
            .collect();
        let resources: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
        usage.accepted("", Signal::Logs, &logs(&resources));
    }
    usage.accepted("", Signal::Logs, &logs(&[(&"é".repeat(5_000), 7)]));
    let events = taken(&mut usage);
    assert!(events.len() <= MOST + 1, "{}", events.len());
    assert_eq!(sum(&events, "records"), 50_007);
    assert!(events.iter().any(|event| event["service"] == OTHER));
    assert!(
        events
            .iter()
            .all(|event| event["service"].chars().count() <= NAME_CHARS)
    );
}
