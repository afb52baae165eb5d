//! Answers that cannot change, because the state of the tables from which they were read is part of the question.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, QueryReply, QueryRequest, Reason, TimeRange};
use serde::{Deserialize, Serialize};

use crate::{Plan, Resolved};

/// The time for which isolates share such an answer. It ends because rows that were erased must not be shown for long.
pub const SETTLED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Identifies a question together with the state from which it is answered: the tables of a ClickHouse up to a time, or the lake
/// at a point in its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledKey {
    reason: Reason,
    /// The address under which isolates share the answer, below that of the Worker.
    path: String,
}

impl SettledKey {
    /// Returns the key of a request with its plan, or `None` if the answer may change at any moment.
    pub fn of(request: &QueryRequest, resolved: &Resolved, plan: &Plan) -> Option<Self> {
        let first = plan.attempts.first()?;
        let is_known = match first.reason {
            Reason::View | Reason::Indexed => first.as_of.is_some(),
            Reason::At => true,
            Reason::Forced => first.as_of.is_some() || resolved.at.is_some(),
            // The lake as it is at this moment, or a ClickHouse that does not have all rows.
            _ => false,
        };
        // A preset with an exact range asks for another range each time.
        let is_moving =
            matches!(request.time_range, TimeRange::Preset(_)) && resolved.query.info.bucket == Bucket::Exact;
        if !is_known || is_moving {
            return None;
        }
        let question = (&resolved.query.info.name, plan.range, request.explain);
        let state = (&first.backend, first.reason, first.as_of, resolved.at);
        // `Debug` quotes and escapes text, so that different fields give different texts. The statement has the parameters, and
        // changes with the version.
        let text = format!("{question:?} {state:?} {:?}", first.statement);
        let hash = blake3::hash(text.as_bytes());
        Some(Self {
            reason: first.reason,
            path: format!("/settled-answers/{}", hash.to_hex()),
        })
    }

    /// Returns the path of the address under which isolates share the answer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns true if an answer is that of the engine whose state the key names. After a failure, another engine answers for
    /// another reason.
    pub fn is_answered_by(&self, reply: &QueryReply) -> bool {
        reply.reason == self.reason
    }
}

/// An answer that isolates share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettledAnswer {
    /// The time of the answer.
    at: Timestamp,
    reply: QueryReply,
}

impl SettledAnswer {
    /// Returns the form in which an answer of this moment is shared.
    pub fn new(reply: QueryReply, now: Timestamp) -> Self {
        Self { at: now, reply }
    }

    /// Returns the answer with its age, if it may be used.
    pub fn reply(self, max_lag: Option<u64>, now: Timestamp) -> Option<QueryReply> {
        let age = now.duration_since(self.at);
        if !(SignedDuration::ZERO..SETTLED_FOR).contains(&age) {
            return None;
        }
        crate::answers::aged(self.reply, age, max_lag, now)
    }
}
