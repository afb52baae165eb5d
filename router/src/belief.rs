//! What is believed of an engine, learned from each call and from checks in between. Pure: the clock is an argument.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::BackendState;

/// After this long without news an engine is checked, behind the answer.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// An engine that failed is left alone for this long; then one request may try it.
const DOWN: SignedDuration = SignedDuration::from_secs(10);

/// What is believed of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Belief {
    state: BackendState,
    /// While it is down: when the next request may try it.
    next_probe: Timestamp,
    /// Since when a check is running.
    checking: Option<Timestamp>,
    /// When a check or a call last ended.
    pub last_check: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub latency_ms: Option<f64>,
    /// When the engine last held all of the lake's head.
    pub as_of: Option<Timestamp>,
    /// The last failure, for people.
    pub detail: Option<String>,
}

impl Default for Belief {
    fn default() -> Self {
        Self {
            state: BackendState::Unknown,
            next_probe: Timestamp::UNIX_EPOCH,
            checking: None,
            last_check: None,
            latency_ms: None,
            as_of: None,
            detail: None,
        }
    }
}

impl Belief {
    /// What to believe now: an engine that has been down long enough is unknown again.
    pub fn state(&self, now: Timestamp) -> BackendState {
        match self.state {
            BackendState::Down if now >= self.next_probe => BackendState::Unknown,
            state => state,
        }
    }

    /// Like [`Belief::state`], for a request that will ask the engine: it takes the one probe for itself.
    pub fn take_probe(&mut self, now: Timestamp) -> BackendState {
        let state = self.state(now);
        if self.state == BackendState::Down && state == BackendState::Unknown {
            self.next_probe = now + DOWN;
        }
        state
    }

    /// Whether it is time to check. Whoever is told so does it.
    pub fn take_check(&mut self, now: Timestamp) -> bool {
        let due = match self.state {
            BackendState::Down => now >= self.next_probe,
            _ => self
                .last_check
                .is_none_or(|last| now.duration_since(last) >= FRESH),
        };
        // A check that ended without a word (its request was cancelled) does not block the next one for ever.
        let running = self
            .checking
            .is_some_and(|since| now.duration_since(since) < DOWN);
        if due && !running {
            self.checking = Some(now);
        }
        due && !running
    }

    /// It answered.
    pub fn answered(&mut self, now: Timestamp, latency_ms: f64, as_of: Option<Timestamp>) {
        self.learned(BackendState::Healthy, now, latency_ms);
        self.as_of = as_of.or(self.as_of);
        self.detail = None;
    }

    /// It sleeps, and wakes on the first query.
    pub fn sleeps(&mut self, now: Timestamp, latency_ms: f64) {
        self.learned(BackendState::Asleep, now, latency_ms);
        self.detail = None;
    }

    /// It could not be reached, or did not answer in time.
    pub fn failed(&mut self, now: Timestamp, latency_ms: f64, detail: String) {
        self.learned(BackendState::Down, now, latency_ms);
        self.next_probe = now + DOWN;
        self.detail = Some(detail);
    }

    fn learned(&mut self, state: BackendState, now: Timestamp, latency_ms: f64) {
        self.state = state;
        self.checking = None;
        self.last_check = Some(now);
        self.latency_ms = Some(latency_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_774_353_600 + seconds).unwrap()
    }

    #[test]
    fn a_failure_keeps_everyone_away_for_ten_seconds_and_then_lets_one_through() {
        let mut belief = Belief::default();
        assert_eq!(belief.take_probe(at(0)), BackendState::Unknown);
        belief.failed(at(0), 1.0, "refused".into());
        assert_eq!(belief.take_probe(at(9)), BackendState::Down);
        assert_eq!(belief.take_probe(at(10)), BackendState::Unknown, "the probe");
        assert_eq!(belief.take_probe(at(10)), BackendState::Down, "only one");
        belief.answered(at(11), 2.0, Some(at(11)));
        assert_eq!(belief.take_probe(at(11)), BackendState::Healthy);
        assert_eq!(belief.detail, None);
    }

    #[test]
    fn checks_are_due_after_half_a_minute_and_never_two_at_once() {
        let mut belief = Belief::default();
        assert!(belief.take_check(at(0)));
        assert!(!belief.take_check(at(1)), "one is running");
        belief.answered(at(2), 2.0, None);
        assert!(!belief.take_check(at(31)));
        assert!(belief.take_check(at(32)));
        assert!(!belief.take_check(at(41)));
        assert!(belief.take_check(at(42)), "the one that was running got lost");
        belief.failed(at(43), 2.0, "refused".into());
        assert!(!belief.take_check(at(52)));
        assert!(belief.take_check(at(53)), "a failure is looked at again sooner");
    }

    #[test]
    fn a_sleeping_engine_is_not_down() {
        let mut belief = Belief::default();
        belief.sleeps(at(0), 1.0);
        assert_eq!(belief.state(at(0)), BackendState::Asleep);
    }

    #[test]
    fn freshness_survives_a_call_that_did_not_tell() {
        let mut belief = Belief::default();
        belief.answered(at(0), 1.0, Some(at(0)));
        belief.answered(at(1), 1.0, None);
        assert_eq!(belief.as_of, Some(at(0)));
    }
}
