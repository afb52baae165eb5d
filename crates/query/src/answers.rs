//! Decides which answers of named queries are kept, for how long, and which requests wait for the answer of another.
//!
//! Everything here is plain data. A request of a Worker may not await the I/O of another request, so that a waiting
//! request asks for its [`Turn`] again and again.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, Problem, QueryReply, QueryRequest, TimeRange};
use serde_json::Value;

use crate::{Plan, Resolved};

/// The time for which an answer is kept.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_secs(2);
/// The largest size of all kept answers together, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// The largest size of one kept answer, in bytes.
pub const MAX_ANSWER: usize = MAX_BYTES / 4;
/// The largest number of kept answers.
pub const MAX_ANSWERS: usize = 512;
/// The largest number of flights at a time. Further requests run alone.
pub const MAX_FLIGHTS: usize = 512;
/// The number of failures that requests can still fetch after their flight has ended.
const MAX_FAILURES: usize = 64;
/// The time after which a flight without a beat has lost the request that leads it.
pub const LOST_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// The time for which others wait for the request that leads a flight, whatever its beats say.
pub const LED_FOR: SignedDuration = SignedDuration::from_secs(20);

/// Identifies a question. Two requests with the same key may get the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey(String);

impl AnswerKey {
    /// Returns the key of a request with its plan.
    ///
    /// The key has each field of the request, and the first engine of the plan with the reason and the time up to which
    /// its tables are complete. An answer is thus not used again after one of these has changed.
    pub fn of(request: &QueryRequest, resolved: &Resolved, plan: &Plan) -> Self {
        // A preset ends now, so that an exact range differs for each request. Its answer is kept under the preset.
        let range = match request.time_range {
            TimeRange::Preset(preset) if resolved.query.info.bucket == Bucket::Exact => Err(preset),
            _ => Ok(resolved.range),
        };
        let first = plan.attempts.first();
        let first = first.map(|attempt| (&attempt.backend, attempt.reason, attempt.as_of));
        let question = (&resolved.query.info.name, range, &resolved.tz, &resolved.params);
        let conditions = (resolved.backend, resolved.max_lag, resolved.at, request.explain);
        // `Debug` quotes and escapes text, so that different fields give different keys.
        Self(format!("{question:?} {conditions:?} {first:?}"))
    }
}

/// One run of a question, on behalf of all requests with the same key that arrive meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight(u64);

/// The next step of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// Reply with this kept answer.
    Kept(Box<QueryReply>),
    /// Ask an engine. Call [`Answers::beat`] meanwhile, and [`Answers::end`] afterwards.
    Lead(Flight),
    /// Ask for the turn again in a moment.
    Wait,
    /// Reply with this problem: the second flight for which this request waited has failed too.
    Failed(Problem),
    /// Ask an engine for this request alone.
    Alone,
}

/// The state of a waiting request: the flight for which it waits. The default waits for none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Waiting {
    flight: Option<Flight>,
    /// True after the first flight has failed. The cause may have been the request that led it, such as its age.
    failed_once: bool,
}

/// The kept answers and the flights of one isolate.
#[derive(Debug, Default)]
pub struct Answers {
    kept: HashMap<AnswerKey, Kept>,
    /// The size of all kept answers.
    bytes: usize,
    /// The number of uses so far, which orders the answers by their last use.
    uses: u64,
    flights: HashMap<AnswerKey, Running>,
    last_flight: u64,
    /// The failures of the newest failed flights, the oldest first.
    failures: VecDeque<(Flight, Problem)>,
}

#[derive(Debug)]
struct Kept {
    reply: QueryReply,
    /// The age that the reply had when it was kept: an answer that another isolate shared.
    age: SignedDuration,
    since: Timestamp,
    bytes: usize,
    used: u64,
}

impl Kept {
    /// Returns true if the answer was kept for less than [`KEPT_FOR`]. After a clock was set back, it is not fresh.
    fn is_fresh(&self, now: Timestamp) -> bool {
        (SignedDuration::ZERO..KEPT_FOR).contains(&now.duration_since(self.since))
    }
}

/// Returns an answer of some age as that of a request of this moment, unless it is behind the lake by more than `max_lag` seconds.
pub(crate) fn aged(
    mut reply: QueryReply,
    age: SignedDuration,
    max_lag: Option<u64>,
    now: Timestamp,
) -> Option<QueryReply> {
    let bound = max_lag.and_then(|seconds| i64::try_from(seconds).ok());
    let is_within = bound
        .zip(reply.as_of)
        .is_none_or(|(bound, as_of)| now.duration_since(as_of) <= SignedDuration::from_secs(bound));
    if !is_within {
        return None;
    }
    reply.age_ms = u64::try_from(age.as_millis()).ok();
    reply.lag_seconds = reply
        .as_of
        .map(|as_of| u64::try_from(now.duration_since(as_of).as_secs()).unwrap_or(0));
    // No engine worked for this request.
    reply.backend_ms = 0.0;
    reply.waking_ms = None;
    Some(reply)
}

#[derive(Debug)]
struct Running {
    flight: Flight,
    since: Timestamp,
    beat: Timestamp,
}

impl Running {
    fn start(flight: Flight, now: Timestamp) -> Self {
        Self {
            flight,
            since: now,
            beat: now,
        }
    }

    /// Returns true if the request that leads the flight is there and may still answer. After a clock was set, it is not.
    fn is_led(&self, now: Timestamp) -> bool {
        now.duration_since(self.beat).abs() < LOST_AFTER && now.duration_since(self.since).abs() < LED_FOR
    }
}

impl Answers {
    /// Returns the next step of a request with this key and this limit on the lag, in seconds.
    pub fn turn(
        &mut self,
        key: &AnswerKey,
        waiting: &mut Waiting,
        max_lag: Option<u64>,
        now: Timestamp,
    ) -> Turn {
        if let Some(reply) = self.fresh(key, max_lag, now) {
            return Turn::Kept(Box::new(reply));
        }
        let failure = self
            .failures
            .iter()
            .find(|(flight, _)| waiting.flight == Some(*flight));
        if let Some((_, problem)) = failure {
            if waiting.failed_once {
                return Turn::Failed(problem.clone());
            }
            *waiting = Waiting {
                flight: None,
                failed_once: true,
            };
        }
        if let Some(running) = self.flights.get_mut(key)
            && waiting.flight.is_none_or(|waited| waited == running.flight)
        {
            if running.is_led(now) {
                waiting.flight = Some(running.flight);
                return Turn::Wait;
            }
            // The request that led it was cancelled, or hangs. This request goes on in its place.
            *running = Running::start(running.flight, now);
            return Turn::Lead(running.flight);
        }
        if waiting.flight.is_some() || self.flights.len() >= MAX_FLIGHTS {
            return Turn::Alone;
        }
        self.last_flight += 1;
        let flight = Flight(self.last_flight);
        self.flights.insert(key.clone(), Running::start(flight, now));
        Turn::Lead(flight)
    }

    /// Records that the request that leads a flight is still there.
    pub fn beat(&mut self, key: &AnswerKey, flight: Flight, now: Timestamp) {
        if let Some(running) = self.flights.get_mut(key)
            && running.flight == flight
        {
            running.beat = now;
        }
    }

    /// Ends a flight. An answer is kept; a problem is only for the requests that waited, each of which asks once more.
    pub fn end(
        &mut self,
        key: AnswerKey,
        flight: Flight,
        outcome: &Result<QueryReply, Problem>,
        now: Timestamp,
    ) {
        if self
            .flights
            .get(&key)
            .is_some_and(|running| running.flight == flight)
        {
            self.flights.remove(&key);
        }
        match outcome {
            Ok(reply) => self.keep(key, reply, now),
            Err(problem) => {
                if self.failures.len() >= MAX_FAILURES {
                    self.failures.pop_front();
                }
                self.failures.push_back((flight, problem.clone()));
            }
        }
    }

    /// Keeps an answer, unless it is too large. Answers that were not used for the longest time make room.
    pub fn keep(&mut self, key: AnswerKey, reply: &QueryReply, now: Timestamp) {
        self.remove(&key);
        let bytes = 2 * key.0.len() + size(reply);
        if bytes > MAX_ANSWER {
            return;
        }
        self.kept.retain(|_, kept| kept.is_fresh(now));
        self.bytes = self.kept.values().map(|kept| kept.bytes).sum();
        while self.kept.len() >= MAX_ANSWERS || self.bytes + bytes > MAX_BYTES {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += bytes;
        let age = reply.age_ms.and_then(|age| i64::try_from(age).ok());
        let kept = Kept {
            reply: reply.clone(),
            age: SignedDuration::from_millis(age.unwrap_or(0)),
            since: now,
            bytes,
            used: self.uses,
        };
        self.kept.insert(key, kept);
    }

    fn remove(&mut self, key: &AnswerKey) {
        if let Some(kept) = self.kept.remove(key) {
            self.bytes -= kept.bytes;
        }
    }

    /// Returns the kept answer with its age, if it may be used.
    fn fresh(&mut self, key: &AnswerKey, max_lag: Option<u64>, now: Timestamp) -> Option<QueryReply> {
        self.uses += 1;
        let kept = self.kept.get_mut(key)?;
        if !kept.is_fresh(now) {
            return None;
        }
        kept.used = self.uses;
        let age = kept.age.saturating_add(now.duration_since(kept.since));
        aged(kept.reply.clone(), age, max_lag, now)
    }
}

/// Returns the approximate size of an answer in memory, in bytes.
fn size(reply: &QueryReply) -> usize {
    let columns = reply.columns.iter();
    let columns: usize = columns
        .map(|column| column.name.len() + column.data_type.len() + 48)
        .sum();
    let rows: usize = reply.rows.iter().map(|row| 24 + size_of_values(row)).sum();
    let statement = reply.statement.as_ref().map_or(0, |statement| {
        let params = statement.params.iter();
        let params: usize = params
            .map(|param| param.name.len() + param.value.len() + 48)
            .sum();
        statement.sql.len() + params
    });
    size_of::<QueryReply>() + columns + rows + statement
}

fn size_of_values<'a>(values: impl IntoIterator<Item = &'a Value>) -> usize {
    let content = |value: &Value| match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => size_of_values(values),
        Value::Object(fields) => {
            fields.keys().map(|key| key.len() + 48).sum::<usize>() + size_of_values(fields.values())
        }
    };
    values
        .into_iter()
        .map(|value| size_of::<Value>() + content(value))
        .sum()
}
