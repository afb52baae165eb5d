//! What the router tells of itself: each decision as an OTLP log event, and what waits to be sent.

use jiff::Timestamp;
use lakefront_api::{BackendKind, Page, Problem, QueryReply};
use lakefront_query::catalogue;
use serde_json::{Value, json};

/// The `service.name` of these events.
pub const SERVICE: &str = "lakefront-router";
/// Their name.
const EVENT: &str = "lakefront.query";
/// The name under which ad-hoc SQL is told of.
pub const AD_HOC: &str = "sql";

/// Which engine a query went to, why, and how that went.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    at: Timestamp,
    query: String,
    /// `clickhouse us`; empty when none answered.
    backend: String,
    reason: &'static str,
    elapsed_ms: f64,
    backend_ms: f64,
    failed: Vec<Attempted>,
    /// The title of the problem that the caller got.
    problem: &'static str,
}

/// An engine that was asked and did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// Its kind.
    pub kind: BackendKind,
    /// Its region, where it has one.
    pub region: Option<String>,
    /// How it failed, in a word.
    pub failure: String,
}

impl Decision {
    /// Of a query that was answered, or could not be, at a time; none where no engine was asked.
    pub fn of(
        query: String,
        reply: &Result<QueryReply, Problem>,
        failed: Vec<Attempted>,
        at: Timestamp,
    ) -> Option<Self> {
        let decision = Self {
            at,
            query,
            backend: String::new(),
            reason: "",
            elapsed_ms: 0.0,
            backend_ms: 0.0,
            failed,
            problem: "",
        };
        match reply {
            Ok(reply) => Some(Self {
                backend: named(reply.backend, reply.region.as_deref()),
                reason: reply.reason.name(),
                elapsed_ms: reply.elapsed_ms,
                backend_ms: reply.backend_ms,
                ..decision
            }),
            Err(problem) => (!decision.failed.is_empty()).then_some(Self {
                problem: problem.kind.title(),
                ..decision
            }),
        }
    }

    /// The log record, its body a map: a text of JSON in the lake.
    fn record(&self) -> Value {
        let joined = |text: &dyn Fn(&Attempted) -> String| {
            let texts: Vec<_> = self.failed.iter().map(text).collect();
            texts.join(", ")
        };
        let failed = joined(&|one| named(one.kind, one.region.as_deref()));
        let failure = joined(&|one| one.failure.clone());
        let texts = [
            ("query", self.query.as_str()),
            ("backend", &self.backend),
            ("reason", self.reason),
            ("failed", &failed),
            ("failure", &failure),
            ("problem", self.problem),
        ];
        let texts = texts.map(|(key, text)| json!({"key": key, "value": {"stringValue": text}}));
        let times = [("elapsed_ms", self.elapsed_ms), ("backend_ms", self.backend_ms)]
            .map(|(key, millis)| json!({"key": key, "value": {"doubleValue": millis}}));
        let values: Vec<_> = texts.into_iter().chain(times).collect();
        json!({
            "timeUnixNano": self.at.as_nanosecond().to_string(),
            "severityNumber": if self.problem.is_empty() { 9 } else { 13 },
            "eventName": EVENT,
            "body": {"kvlistValue": {"values": values}},
        })
    }
}

/// An engine as the dashboard's queries name it.
fn named(kind: BackendKind, region: Option<&str>) -> String {
    let region = region.map(|region| format!(" {region}")).unwrap_or_default();
    format!("{}{region}", kind.name())
}

/// Whether a query is told of. Those that only show what is told here are not: looking would make more to look at.
pub fn is_told(query: &str) -> bool {
    let info = catalogue().iter().find(|known| known.info.name == query);
    info.is_none_or(|known| {
        let panels = &known.info.panels;
        panels.is_empty() || panels.iter().any(|panel| panel.page != Page::Operations)
    })
}

/// `POST /v1/logs` as OTLP/HTTP takes it in JSON.
pub fn export(decisions: &[Decision]) -> String {
    let records: Vec<_> = decisions.iter().map(Decision::record).collect();
    json!({
        "resourceLogs": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": SERVICE}}]},
            "scopeLogs": [{"scope": {"name": SERVICE}, "logRecords": records}],
        }]
    })
    .to_string()
}

/// How many decisions wait at most. What comes on top is lost: nobody waits for it.
const MOST: usize = 1_000;
/// After how long a sender that did not come back is given up, in milliseconds.
const FORGOTTEN: i64 = 15_000;

/// Decisions that wait to be sent, all of them by one sender.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<Decision>,
    sender_since: Option<Timestamp>,
}

impl Outbox {
    /// Adds one; whether the caller has to send, because nobody else is about to.
    pub fn push(&mut self, decision: Decision) -> bool {
        let now = decision.at;
        if self.waiting.len() < MOST {
            self.waiting.push(decision);
        }
        let is_due = self
            .sender_since
            .is_none_or(|since| now.as_millisecond() - since.as_millisecond() > FORGOTTEN);
        if is_due {
            self.sender_since = Some(now);
        }
        is_due
    }

    /// Everything that waits, for the sender. Whoever comes after it sends anew.
    pub fn take(&mut self) -> Vec<Decision> {
        self.sender_since = None;
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use lakefront_api::{ProblemType, Reason, Stats};

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_774_353_600_000 + millis).unwrap()
    }

    fn reply() -> QueryReply {
        QueryReply {
            columns: Vec::new(),
            rows: Vec::new(),
            truncated: false,
            backend: BackendKind::Clickhouse,
            region: Some("us".into()),
            reason: Reason::Failover,
            range: None,
            as_of: None,
            lag_seconds: None,
            elapsed_ms: 9.5,
            backend_ms: 6.0,
            stats: Stats::default(),
            statement: None,
        }
    }

    fn decision(millis: i64) -> Decision {
        Decision::of("top_pages".into(), &Ok(reply()), Vec::new(), at(millis)).unwrap()
    }

    #[test]
    fn a_decision_is_an_otlp_event() {
        let eu = Attempted {
            kind: BackendKind::Clickhouse,
            region: Some("eu".into()),
            failure: "deadline".into(),
        };
        let decision = Decision::of("top_pages".into(), &Ok(reply()), vec![eu], at(1)).unwrap();
        let sent: Value = serde_json::from_str(&export(&[decision])).unwrap();
        let resource = &sent["resourceLogs"][0];
        assert_eq!(
            resource["resource"]["attributes"],
            json!([{"key": "service.name", "value": {"stringValue": "lakefront-router"}}])
        );
        let record = &resource["scopeLogs"][0]["logRecords"][0];
        assert_eq!(record["timeUnixNano"], "1774353600001000000");
        assert_eq!(record["eventName"], "lakefront.query");
        let body = record["body"]["kvlistValue"]["values"].as_array().unwrap();
        let value = |key: &str| {
            let entry = body.iter().find(|entry| entry["key"] == key).unwrap();
            entry["value"]
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap()
                .clone()
        };
        assert_eq!(value("backend"), "clickhouse us");
        assert_eq!(value("reason"), "failover");
        assert_eq!(value("failed"), "clickhouse eu");
        assert_eq!(value("failure"), "deadline");
        assert_eq!(value("elapsed_ms"), 9.5);
    }

    #[test]
    fn what_no_engine_was_asked_is_no_decision() {
        let refused = Err(Problem::new(ProblemType::BadRequest, "no"));
        assert_eq!(
            Decision::of("top_pages".into(), &refused, Vec::new(), at(0)),
            None
        );
    }

    #[test]
    fn looking_at_what_is_told_is_not_told() {
        assert!(is_told("top_pages"));
        assert!(is_told(AD_HOC));
        assert!(!is_told("router_latency"));
    }

    #[test]
    fn one_sends_for_all_and_what_is_too_much_is_lost() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(decision(0)));
        assert!(!outbox.push(decision(1)));
        assert_eq!(outbox.take().len(), 2);
        assert!(outbox.push(decision(2)), "the sender has left");
        // One that never came back is not waited for.
        assert!(!outbox.push(decision(2 + FORGOTTEN)));
        assert!(outbox.push(decision(3 + FORGOTTEN)));
        for _ in 0..MOST {
            outbox.push(decision(4 + FORGOTTEN));
        }
        assert_eq!(outbox.take().len(), MOST);
    }
}
