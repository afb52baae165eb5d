//! The delivery of chunks to streams: what an answer of a stream means, when to try again, and what to tell the sender.

use std::time::Duration;

use http::{Response, StatusCode};
use lakefront_otel::decode::Signal;
use lakefront_otlp::{Format, PartialSuccess, export_response};
use serde::Deserialize;

use super::{Refusal, reply};

/// The first and the longest wait before a chunk is sent again.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// The most characters of a stream's error that an answer repeats.
const MESSAGE_CHARACTERS: usize = 200;

/// The result of sending a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The stream has taken all rows.
    Taken,
    /// The stream will never take the chunk, for this reason.
    Refused(String),
    /// The stream did not take the chunk, for this reason. It may take it later, and may have taken it although no
    /// answer came.
    Later(String),
}

impl Delivery {
    /// Returns the meaning of a stream's answer to a chunk of so many rows.
    ///
    /// A wrong address or token is the operator's fault. The sender keeps the rows until it is corrected.
    pub fn of(status: StatusCode, body: &[u8], rows: u32) -> Self {
        #[derive(Deserialize)]
        struct Answer {
            result: Committed,
        }
        #[derive(Deserialize)]
        struct Committed {
            committed: u32,
        }
        if status.is_success() {
            // An answer in another form is taken at its status.
            return match serde_json::from_slice::<Answer>(body) {
                Ok(Answer { result }) if result.committed < rows => {
                    Self::Later(format!("a stream took {} of {rows} rows", result.committed))
                }
                Ok(_) | Err(_) => Self::Taken,
            };
        }
        let text = String::from_utf8_lossy(body);
        let message: String = text.chars().take(MESSAGE_CHARACTERS).collect();
        let message = format!("a stream answered {}: {message}", status.as_u16());
        match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => Self::Refused(message),
            _ => Self::Later(message),
        }
    }

    /// Returns true if sending the chunk again within the same request may help.
    pub fn may_pass(status: StatusCode) -> bool {
        status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
    }
}

/// Returns the wait before the next attempt, or `None` if it would begin less than a wait before the deadline.
///
/// `attempt` counts from 0, `left` is the time until the deadline, and `random` is below 1: it keeps the requests of many
/// isolates apart.
pub fn next_wait(attempt: u32, left: Duration, random: f64) -> Option<Duration> {
    let longest = (WAITS.0 * 2_u32.saturating_pow(attempt)).min(WAITS.1);
    let wait = longest.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
    (left > wait * 2).then_some(wait)
}

/// The size of a chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Number of rows.
    pub rows: u32,
    /// Bytes of its JSON.
    pub bytes: u64,
}

/// The results of all chunks of a request.
#[derive(Debug, Default)]
pub struct Outcome {
    taken: u64,
    taken_bytes: u64,
    refused: u64,
    later: u64,
    refused_because: Option<String>,
    later_because: Option<String>,
}

impl Outcome {
    /// Adds the result of a chunk.
    pub fn add(&mut self, size: Size, delivery: Delivery) {
        let rows = u64::from(size.rows);
        match delivery {
            Delivery::Taken => {
                self.taken += rows;
                self.taken_bytes += size.bytes;
            }
            Delivery::Refused(reason) => {
                self.refused += rows;
                self.refused_because.get_or_insert(reason);
            }
            Delivery::Later(reason) => {
                self.later += rows;
                self.later_because.get_or_insert(reason);
            }
        }
    }

    /// Returns the number of rows that streams have taken, and true if those are all.
    pub fn taken(&self) -> (u64, bool) {
        (self.taken, self.refused == 0 && self.later == 0)
    }

    /// Returns the bytes of JSON that streams have taken.
    pub fn taken_bytes(&self) -> u64 {
        self.taken_bytes
    }

    /// Returns true if the sender is asked to repeat the request.
    pub fn is_later(&self) -> bool {
        self.later_because.is_some()
    }

    /// Returns the answer to the sender. `partial` has the records that were rejected before.
    ///
    /// While a stream may still take rows, the answer is 503, because a sender repeats nothing after a partial success. The
    /// repeated request makes the same chunks, whose rows the keeper recognises.
    pub fn answer(self, signal: Signal, format: Format, partial: PartialSuccess) -> Response<Vec<u8>> {
        if let Some(reason) = self.later_because {
            let all = self.taken + self.refused + self.later;
            let reason = format!("{} of {all} rows were not taken: {reason}", self.later);
            return Refusal::NotTaken(reason).response(format);
        }
        let mut all = partial;
        all.rejected += self.refused;
        if let Some(reason) = self.refused_because {
            let separator = if all.reason.is_empty() { "" } else { "; " };
            all.reason += &format!("{separator}{} rows: {reason}", self.refused);
        }
        reply(StatusCode::OK, format, export_response(signal, format, &all))
    }
}
