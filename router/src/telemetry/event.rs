//! The events of queries as OTLP log records, and the queue of events to be sent.

use jiff::Timestamp;
use lakefront_api::{BackendKind, Page, Problem, QueryReply};
use lakefront_otlp::{QUERY_EVENT, own_logs};
use lakefront_query::catalogue;
use serde_json::{Value, json};

/// The `service.name` of these events.
pub const SERVICE: &str = "lakefront-router";
/// The query name in the events of ad-hoc SQL.
pub const AD_HOC: &str = "sql";
/// The query name in the events of searches.
pub const SEARCH: &str = "search";

/// The outcome of one query: the engine that answered, the reason for that choice, and the failures before it.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryEvent {
    at: Timestamp,
    query: String,
    /// The engine, such as `clickhouse us`. Empty if no engine answered.
    backend: String,
    reason: &'static str,
    elapsed_ms: f64,
    backend_ms: f64,
    failed: Vec<FailedAttempt>,
    /// The title of the problem that the caller received. Empty if there was an answer.
    problem: &'static str,
}

/// An engine that was called and failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The engine's kind.
    pub kind: BackendKind,
    /// The engine's region, if one is configured.
    pub region: Option<String>,
    /// The failure in a word, as [`EngineFailure::name`](crate::backends::failure::EngineFailure::name) gives it.
    pub failure: String,
}

impl QueryEvent {
    /// Creates the event of a query's reply at a time. Returns `None` if no engine was called: for a kept answer, or if
    /// the query failed before.
    pub fn of(
        query: String,
        reply: &Result<QueryReply, Problem>,
        failed: Vec<FailedAttempt>,
        at: Timestamp,
    ) -> Option<Self> {
        let event = Self {
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
            Ok(reply) if reply.age_ms.is_some() => None,
            Ok(reply) => Some(Self {
                backend: engine_name(reply.backend, reply.region.as_deref()),
                reason: reply.reason.name(),
                elapsed_ms: reply.elapsed_ms,
                backend_ms: reply.backend_ms,
                ..event
            }),
            Err(problem) => (!event.failed.is_empty()).then_some(Self {
                problem: problem.kind.title(),
                ..event
            }),
        }
    }

    /// Returns the OTLP log record. Its body is a map, which the lake stores as JSON text.
    fn record(&self) -> Value {
        let joined = |text: &dyn Fn(&FailedAttempt) -> String| {
            let texts: Vec<_> = self.failed.iter().map(text).collect();
            texts.join(", ")
        };
        let failed = joined(&|one| engine_name(one.kind, one.region.as_deref()));
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
            "eventName": QUERY_EVENT,
            "body": {"kvlistValue": {"values": values}},
        })
    }
}

/// Returns an engine's name in the form that the dashboard's queries expect.
fn engine_name(kind: BackendKind, region: Option<&str>) -> String {
    let region = region.map(|region| format!(" {region}")).unwrap_or_default();
    format!("{}{region}", kind.name())
}

/// Returns true if a query is reported as an event. Queries of the Operations page alone are not: opening it
/// would change its own figures.
pub fn is_observed(name: &str) -> bool {
    let query = catalogue().iter().find(|query| query.info.name == name);
    query.is_none_or(|query| {
        let panels = &query.info.panels;
        panels.is_empty() || panels.iter().any(|panel| panel.page != Page::Operations)
    })
}

/// Returns the body of `POST /v1/logs` for events.
pub fn export(events: &[QueryEvent]) -> String {
    logs(events.iter().map(QueryEvent::record).collect())
}

/// Returns the body of `POST /v1/logs` for records of this Worker, in OTLP/HTTP's JSON encoding.
pub fn logs(records: Vec<Value>) -> String {
    own_logs(SERVICE, records)
}

/// The largest number of events in the queue. Further ones are dropped, so that no request has to wait.
const MAX_QUEUED: usize = 1_000;
/// After how many milliseconds a sender that has not taken its batch is presumed lost.
const SENDER_TIMEOUT_MS: i64 = 15_000;

/// The queue of events. One sender takes all of them.
#[derive(Debug, Default)]
pub struct ExportQueue {
    waiting: Vec<QueryEvent>,
    sender_since: Option<Timestamp>,
}

impl ExportQueue {
    /// Adds an event. Returns true if the caller has to send the queue, because no sender is about to.
    pub fn push(&mut self, event: QueryEvent) -> bool {
        let now = event.at;
        if self.waiting.len() < MAX_QUEUED {
            self.waiting.push(event);
        }
        let is_due = self
            .sender_since
            .is_none_or(|since| now.as_millisecond() - since.as_millisecond() > SENDER_TIMEOUT_MS);
        if is_due {
            self.sender_since = Some(now);
        }
        is_due
    }

    /// Removes and returns the whole queue, for the sender. The next [`ExportQueue::push`] returns true.
    pub fn take(&mut self) -> Vec<QueryEvent> {
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
            waking_ms: None,
            age_ms: None,
            stats: Stats::default(),
            statement: None,
        }
    }

    fn event(millis: i64) -> QueryEvent {
        QueryEvent::of("top_pages".into(), &Ok(reply()), Vec::new(), at(millis)).unwrap()
    }

    #[test]
    fn a_reply_is_an_otlp_event() {
        let eu = FailedAttempt {
            kind: BackendKind::Clickhouse,
            region: Some("eu".into()),
            failure: "deadline".into(),
        };
        let event = QueryEvent::of("top_pages".into(), &Ok(reply()), vec![eu], at(1)).unwrap();
        let sent: Value = serde_json::from_str(&export(&[event])).unwrap();
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
    fn a_query_that_reached_no_engine_is_no_event() {
        let refused = Err(Problem::new(ProblemType::BadRequest, "no"));
        assert_eq!(
            QueryEvent::of("top_pages".into(), &refused, Vec::new(), at(0)),
            None
        );
        let kept = QueryReply {
            age_ms: Some(0),
            ..reply()
        };
        assert_eq!(
            QueryEvent::of("top_pages".into(), &Ok(kept), Vec::new(), at(0)),
            None
        );
    }

    #[test]
    fn queries_of_the_operations_page_are_not_observed() {
        assert!(is_observed("top_pages"));
        assert!(is_observed(AD_HOC));
        assert!(!is_observed("router_latency"));
    }

    #[test]
    fn one_sender_takes_the_queue_and_a_full_queue_drops_events() {
        let mut queue = ExportQueue::default();
        assert!(queue.push(event(0)));
        assert!(!queue.push(event(1)));
        assert_eq!(queue.take().len(), 2);
        assert!(queue.push(event(2)), "the sender has left");
        // A sender that never took its batch is replaced.
        assert!(!queue.push(event(2 + SENDER_TIMEOUT_MS)));
        assert!(queue.push(event(3 + SENDER_TIMEOUT_MS)));
        for _ in 0..MAX_QUEUED {
            queue.push(event(4 + SENDER_TIMEOUT_MS));
        }
        assert_eq!(queue.take().len(), MAX_QUEUED);
    }
}
