//! The router's decisions as OTLP log events, and the queue of decisions to be sent.

use jiff::Timestamp;
use lakefront_api::{BackendKind, Page, Problem, QueryReply};
use lakefront_query::catalogue;
use serde_json::{Value, json};

/// The `service.name` of these events.
pub const SERVICE: &str = "lakefront-router";
/// The name of the events.
const EVENT: &str = "lakefront.query";
/// The query name in the events of ad-hoc SQL.
pub const AD_HOC: &str = "sql";

/// The outcome of one query: the engine that answered, the reason for that choice, and the failures before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    at: Timestamp,
    query: String,
    /// The engine, such as `clickhouse us`. Empty if no engine answered.
    backend: String,
    reason: &'static str,
    elapsed_ms: f64,
    backend_ms: f64,
    failed: Vec<Attempted>,
    /// The title of the problem that the caller received. Empty if there was an answer.
    problem: &'static str,
}

/// An engine that was called and failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// The engine's kind.
    pub kind: BackendKind,
    /// The engine's region, if one is configured.
    pub region: Option<String>,
    /// The failure in a word, as [`EngineFailure::name`](crate::failure::EngineFailure::name) gives it.
    pub failure: String,
}

impl Decision {
    /// Creates the decision for a query's reply at a time. Returns `None` if the query failed before an engine was
    /// called.
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

    /// Returns the OTLP log record. Its body is a map, which the lake stores as JSON text.
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

/// Returns an engine's name in the form that the dashboard's queries expect.
fn named(kind: BackendKind, region: Option<&str>) -> String {
    let region = region.map(|region| format!(" {region}")).unwrap_or_default();
    format!("{}{region}", kind.name())
}

/// Returns true if the decisions on a query are reported. Queries of the Operations page alone are not: opening it
/// would change its own figures.
pub fn is_told(query: &str) -> bool {
    let info = catalogue().iter().find(|known| known.info.name == query);
    info.is_none_or(|known| {
        let panels = &known.info.panels;
        panels.is_empty() || panels.iter().any(|panel| panel.page != Page::Operations)
    })
}

/// Returns the body of `POST /v1/logs` in OTLP/HTTP's JSON encoding.
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

/// The largest number of decisions in the queue. Further ones are dropped, so that no request has to wait.
const MOST: usize = 1_000;
/// After how many milliseconds a sender that has not taken its batch is presumed lost.
const FORGOTTEN: i64 = 15_000;

/// The queue of decisions. One sender takes all of them.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<Decision>,
    sender_since: Option<Timestamp>,
}

impl Outbox {
    /// Adds a decision. Returns true if the caller has to send the queue, because no sender is about to.
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

    /// Removes and returns the whole queue, for the sender. The next [`Outbox::push`] returns true.
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
        // A sender that never took its batch is replaced.
        assert!(!outbox.push(decision(2 + FORGOTTEN)));
        assert!(outbox.push(decision(3 + FORGOTTEN)));
        for _ in 0..MOST {
            outbox.push(decision(4 + FORGOTTEN));
        }
        assert_eq!(outbox.take().len(), MOST);
    }
}
