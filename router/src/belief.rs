//! The cached status of an engine, updated by each call and by background checks. Pure: the clock is an argument.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{BackendKind, BackendState};

use crate::report::Report;

/// The age of a status at which a background check is due.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// The age at which a check is due for an engine that lacks data or lags behind. Sync is expected to change that soon.
const NEWS: SignedDuration = SignedDuration::from_secs(2);
/// The age at which a status is too old to plan with, so that the check comes first. No query came in meanwhile.
const STALE: SignedDuration = SignedDuration::from_secs(60);
/// The time for which a failed engine gets no queries. After that it is tried once.
const DOWN: SignedDuration = SignedDuration::from_secs(10);

/// The number of different queries that run into their deadlines, with no answer in between, before the engine counts
/// as down. A smaller number may be due to the queries themselves.
const OVERRUNS: usize = 3;

/// The cached status of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Belief {
    state: BackendState,
    /// When the engine may be tried again, while it is down.
    next_probe: Timestamp,
    /// When a query last ran into its deadline, if no answer and no check has ended since.
    suspected: Option<Timestamp>,
    /// The different queries that ran into their deadlines since the last answer, as hashes. There are fewer than
    /// [`OVERRUNS`].
    overrun: Vec<u64>,
    /// When the running check started, if one is running.
    checking: Option<Timestamp>,
    /// When the last check ended. `None` also after a failure that contradicts the check's report.
    checked: Option<Timestamp>,
    /// The time after which the next check is due.
    fresh_for: SignedDuration,
    /// When the last check or call ended.
    pub last_check: Option<Timestamp>,
    /// The duration of the last check or call, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The engine's last report about its data.
    pub report: Report,
    /// The last failure, as a text for people.
    pub detail: Option<String>,
}

impl Default for Belief {
    fn default() -> Self {
        Self {
            state: BackendState::Unknown,
            next_probe: Timestamp::UNIX_EPOCH,
            suspected: None,
            overrun: Vec::new(),
            checking: None,
            checked: None,
            fresh_for: FRESH,
            last_check: None,
            latency_ms: None,
            report: Report::default(),
            detail: None,
        }
    }
}

impl Belief {
    /// Returns the state to plan a request with.
    ///
    /// The request may be the one that tries a chDB that is down, because no other engine could answer it. A ClickHouse
    /// that is down is left out of the plan. A suspected ClickHouse is left out too if chDB answers meanwhile, until a
    /// check has ended.
    pub fn planned(&mut self, kind: BackendKind, now: Timestamp, chdb_answers: bool) -> BackendState {
        match kind {
            BackendKind::Chdb => self.take_probe(now),
            BackendKind::Clickhouse if chdb_answers && self.is_suspected(now) => BackendState::Down,
            BackendKind::Clickhouse => self.state,
        }
    }

    /// Returns true from a query's deadline to the end of the check that follows, but for 10 seconds at most.
    fn is_suspected(&self, now: Timestamp) -> bool {
        self.suspected
            .is_some_and(|since| now.duration_since(since) < DOWN)
    }

    /// Returns the state at `now`. An engine that has been down long enough is unknown again.
    pub fn state(&self, now: Timestamp) -> BackendState {
        match self.state {
            BackendState::Down if now >= self.next_probe => BackendState::Unknown,
            state => state,
        }
    }

    /// Returns the same as [`Belief::state`] for a request that will call the engine. The request takes the one probe
    /// of a down engine.
    fn take_probe(&mut self, now: Timestamp) -> BackendState {
        let state = self.state(now);
        if self.state == BackendState::Down && state == BackendState::Unknown {
            self.next_probe = now + DOWN;
        }
        state
    }

    /// Returns true if a check is due, and marks it as running. The caller must then run it.
    pub fn take_check(&mut self, now: Timestamp) -> bool {
        let due = match self.state {
            BackendState::Down => now >= self.next_probe,
            _ => {
                let is_old = |last| now.duration_since(last) >= self.fresh_for;
                self.suspected.is_some() || self.checked.is_none_or(is_old)
            }
        };
        // A check whose request was cancelled never reports its end. It must not block the next one for ever.
        let running = self
            .checking
            .is_some_and(|since| now.duration_since(since) < DOWN);
        if due && !running {
            self.checking = Some(now);
        }
        due && !running
    }

    /// Returns true if the last check is too old to plan with. An engine that is down or suspected is checked in the
    /// background only, so no request waits for it.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.state != BackendState::Down
            && !self.is_suspected(now)
            && self.checked.is_none_or(|last| now.duration_since(last) >= STALE)
    }

    /// Records that the engine answered a query. `as_of` is the time up to which it held the whole lake, if the answer
    /// shows that.
    pub fn answered(&mut self, now: Timestamp, latency_ms: f64, as_of: Option<Timestamp>) {
        self.learned(BackendState::Healthy, now, latency_ms);
        self.overrun.clear();
        self.report.as_of = as_of.or(self.report.as_of);
        self.detail = None;
    }

    /// Records a check that found the engine healthy.
    pub fn reported(&mut self, now: Timestamp, latency_ms: f64, report: Report) {
        self.learned(BackendState::Healthy, now, latency_ms);
        self.ended_check(now);
        self.report = report;
        self.detail = None;
    }

    /// Records a check that found the engine asleep. The first query wakes it.
    pub fn sleeps(&mut self, now: Timestamp, latency_ms: f64) {
        self.learned(BackendState::Asleep, now, latency_ms);
        self.ended_check(now);
        self.detail = None;
    }

    /// Records that a query ran into its deadline. One overrun makes the engine suspected, and a check decides.
    /// `OVERRUNS` different ones with no answer in between mark it down, whatever the checks find.
    pub fn overran(&mut self, question: u64, now: Timestamp, latency_ms: f64, detail: String) {
        if !self.overrun.contains(&question) {
            self.overrun.push(question);
        }
        if self.overrun.len() >= OVERRUNS {
            self.failed(now, latency_ms, detail);
        } else {
            self.suspected = Some(now);
        }
    }

    /// Records that the engine could not be reached, or that a check got no answer in time.
    pub fn failed(&mut self, now: Timestamp, latency_ms: f64, detail: String) {
        self.learned(BackendState::Down, now, latency_ms);
        self.ended_check(now);
        self.overrun.clear();
        self.next_probe = now + DOWN;
        self.detail = Some(detail);
    }

    /// Records an answer that contradicts the last report: the next check is due at once.
    pub fn doubted(&mut self) {
        self.checked = None;
    }

    /// Records that a plan left the engine out because it lacked data: the next check is due after 2 seconds.
    pub fn lacked(&mut self) {
        self.fresh_for = NEWS;
    }

    fn learned(&mut self, state: BackendState, now: Timestamp, latency_ms: f64) {
        self.state = state;
        self.suspected = None;
        self.last_check = Some(now);
        self.latency_ms = Some(latency_ms);
    }

    fn ended_check(&mut self, now: Timestamp) {
        self.checking = None;
        self.checked = Some(now);
        self.fresh_for = FRESH;
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
        belief.reported(at(2), 2.0, Report::default());
        belief.answered(at(20), 2.0, None);
        assert!(!belief.take_check(at(31)));
        assert!(belief.take_check(at(32)), "an answer tells less than a check");
        assert!(!belief.take_check(at(41)));
        assert!(belief.take_check(at(42)), "the one that was running got lost");
        belief.failed(at(43), 2.0, "refused".into());
        assert!(!belief.take_check(at(52)));
        assert!(belief.take_check(at(53)), "a failure is looked at again sooner");
    }

    #[test]
    fn nothing_is_planned_by_old_news() {
        let mut belief = Belief::default();
        assert!(belief.is_stale(at(0)), "nothing is known yet");
        belief.reported(at(0), 2.0, Report::default());
        assert!(!belief.is_stale(at(59)));
        assert!(belief.is_stale(at(60)));
        belief.failed(at(61), 2.0, "refused".into());
        assert!(!belief.is_stale(at(200)), "nobody waits for a dead engine");
        assert_eq!(
            (
                belief.planned(BackendKind::Clickhouse, at(200), true),
                belief.state(at(200))
            ),
            (BackendState::Down, BackendState::Unknown)
        );
    }

    #[test]
    fn a_doubtful_report_is_looked_at_again() {
        let mut belief = Belief::default();
        belief.reported(at(0), 2.0, Report::default());
        belief.doubted();
        assert_eq!(
            belief.state(at(1)),
            BackendState::Healthy,
            "a doubt is no failure"
        );
        assert!(belief.take_check(at(1)));
        assert!(!belief.take_check(at(1)));
    }

    #[test]
    fn what_is_about_to_change_is_looked_at_soon() {
        let mut belief = Belief::default();
        belief.reported(at(0), 2.0, Report::default());
        belief.lacked();
        assert!(!belief.take_check(at(1)), "however many ask");
        assert!(belief.take_check(at(2)));
        belief.reported(at(2), 2.0, Report::default());
        assert!(!belief.take_check(at(31)), "it lacked nothing since");
    }

    /// Records the deadline of one of several queries.
    fn overran(belief: &mut Belief, question: u64, second: i64) {
        belief.overran(question, at(second), 1_500.0, "no answer within 1.5 s".into());
    }

    #[test]
    fn one_slow_question_marks_nobody_down() {
        let mut belief = Belief::default();
        belief.reported(at(0), 2.0, Report::default());
        for second in 1..20 {
            overran(&mut belief, 7, second);
            assert_eq!(belief.state(at(second)), BackendState::Healthy);
            assert_eq!(
                belief.planned(BackendKind::Chdb, at(second), true),
                BackendState::Healthy,
                "nobody else could answer"
            );
            belief.reported(at(second), 2.0, Report::default());
            assert_eq!(
                belief.planned(BackendKind::Clickhouse, at(second), true),
                BackendState::Healthy
            );
        }
    }

    #[test]
    fn a_suspected_clickhouse_is_left_out_until_it_is_checked() {
        let mut belief = Belief::default();
        belief.reported(at(0), 2.0, Report::default());
        overran(&mut belief, 7, 1);
        assert_eq!(
            belief.planned(BackendKind::Clickhouse, at(1), true),
            BackendState::Down
        );
        assert_eq!(
            belief.planned(BackendKind::Clickhouse, at(1), false),
            BackendState::Healthy,
            "nobody else could answer"
        );
        assert!(!belief.is_stale(at(1)), "no request waits for the check");
        assert!(belief.take_check(at(1)), "at once");
        assert!(!belief.take_check(at(1)), "one is enough");
        belief.failed(at(4), 3_000.0, "no answer within 3 s".into());
        assert_eq!(belief.state(at(4)), BackendState::Down);

        belief.reported(at(20), 2.0, Report::default());
        overran(&mut belief, 7, 21);
        assert_eq!(
            belief.planned(BackendKind::Clickhouse, at(31), true),
            BackendState::Healthy,
            "the check got lost"
        );
        assert!(belief.take_check(at(31)), "and is still due");
        belief.answered(at(32), 2.0, None);
        assert!(!belief.take_check(at(32)), "an answer is as good");
    }

    #[test]
    fn three_different_questions_without_an_answer_mark_it_down() {
        let mut belief = Belief::default();
        belief.reported(at(0), 2.0, Report::default());
        for question in [1, 2, 1, 2, 1] {
            overran(&mut belief, question, 1);
        }
        belief.answered(at(2), 2.0, None);
        overran(&mut belief, 3, 3);
        overran(&mut belief, 4, 3);
        // A successful check does not count as an answer.
        belief.reported(at(4), 2.0, Report::default());
        assert_eq!(belief.state(at(4)), BackendState::Healthy);
        overran(&mut belief, 5, 5);
        assert_eq!(belief.state(at(5)), BackendState::Down);
        belief.reported(at(15), 2.0, Report::default());
        overran(&mut belief, 5, 16);
        assert_eq!(belief.state(at(16)), BackendState::Healthy, "counted anew");
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
        assert_eq!(belief.report.as_of, Some(at(0)));
    }
}
