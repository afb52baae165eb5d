//! Watching: a check every two minutes, of engines, sync, ingest and the keeper.
//!
//! What is past a [threshold](lakefront_api::Thresholds) is a problem. Once it has lasted long enough, the Worker writes an event
//! `lakefront.watch` into the lake and calls `WATCH_WEBHOOK`, and again when it has ended. A Durable Object has the
//! [record](Record) of problems, because isolates come and go. A notice that the webhook did not take is sent again with
//! the next check.

mod findings;
mod record;

#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod run;

use jiff::Timestamp;
use lakefront_otlp::WATCH_EVENT;
use serde_json::{Value, json};

pub use findings::{Finding, of_engine, of_ingest, of_keeper};
pub use record::{Found, Notice, NoticeState, Record};
#[cfg(target_arch = "wasm32")]
pub use run::{check, keeper_ended};

const WARN: u8 = 13;
const INFO: u8 = 9;

/// Returns the body for the webhook: `text` has a line for each notice, as Slack and Mattermost show it, and `notices`
/// has their values for programs.
pub fn webhook_body(notices: &[Notice]) -> String {
    let lines: Vec<_> = notices.iter().map(Notice::line).collect();
    json!({ "text": format!("Lakefront\n{}", lines.join("\n")), "notices": notices }).to_string()
}

/// Returns a notice as an OTLP log record.
pub fn log_record(notice: &Notice) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let nanos = |at: Timestamp| at.as_nanosecond().to_string();
    let (number, name) = match notice.state {
        NoticeState::Raised => (WARN, "WARN"),
        NoticeState::Ended => (INFO, "INFO"),
    };
    json!({
        "timeUnixNano": nanos(notice.at),
        "severityNumber": number,
        "severityText": name,
        "eventName": WATCH_EVENT,
        "body": {"stringValue": notice.line()},
        "attributes": [
            text("watch.problem", &notice.problem),
            text("watch.part", &notice.part),
            text("watch.state", notice.state.name()),
            text("watch.since", &notice.since.to_string()),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_a_line_for_people_and_values_for_programs() {
        let mut record = Record::default();
        let finding = Finding {
            problem: "clickhouse-lag".into(),
            part: "us".into(),
            after_seconds: 0,
            text: "1300 s behind the lake, and 1200 s are allowed".into(),
        };
        let found = Found {
            check: "health".into(),
            findings: vec![finding],
            ended_after_seconds: 300,
        };
        record.note(found, "2026-11-30T10:00:00Z".parse().unwrap());
        let body: Value = serde_json::from_str(&webhook_body(record.notices())).unwrap();
        assert_eq!(
            body,
            json!({
                "text": "Lakefront\nclickhouse-lag: us: 1300 s behind the lake, and 1200 s are allowed",
                "notices": [{
                    "id": 1, "state": "raised", "problem": "clickhouse-lag", "part": "us",
                    "since": "2026-11-30T10:00:00Z", "at": "2026-11-30T10:00:00Z",
                    "text": "1300 s behind the lake, and 1200 s are allowed",
                }],
            })
        );
        let event = log_record(&record.notices()[0]);
        assert_eq!(event["severityText"], "WARN");
        assert_eq!(event["timeUnixNano"], "1796032800000000000");
    }
}
