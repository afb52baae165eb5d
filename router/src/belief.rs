//! What is believed of an engine, learned from each call and from checks in between. Pure: the clock is an argument.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{BackendKind, BackendState};

use crate::report::Report;

/// After this long without a check an engine is checked, behind the answer.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// After this long one is checked that holds too little, or is too far behind: sync is about to change that.
const NEWS: SignedDuration = SignedDuration::from_secs(2);
/// After this long it is checked before anything is planned by it: nobody asked meanwhile.
const STALE: SignedDuration = SignedDuration::from_secs(60);
/// An engine that failed is left alone for this long; then it is tried once.
const DOWN: SignedDuration = SignedDuration::from_secs(10);

/// So many different questions have to run into their deadlines, with no answer in between, before the engine counts as
/// down. Fewer say something of the questions.
const OVERRUNS: usize = 3;

/// What is believed of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Belief {
    state: BackendState,
    /// While it is down: when it may be tried again.
    next_probe: Timestamp,
    /// When a question last ran into its deadline, if no answer and no check has ended since.
    suspected: Option<Timestamp>,
    /// The different questions that ran into their deadlines since the last answer, fewer than [`OVERRUNS`].
    overrun: Vec<u64>,
    /// Since when a check is running.
    checking: Option<Timestamp>,
    /// When a check last ended; none also when a failure made what it said doubtful.
    checked: Option<Timestamp>,
    /// How long what it said is believed.
    fresh_for: SignedDuration,
    /// When a check or a call last ended.
    pub last_check: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub latency_ms: Option<f64>,
    /// What the engine last told of its data.
    pub report: Report,
    /// The last failure, for people.
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
    /// Returns the state that a request plans with, which goes on to ask the engine.
    ///
    /// The request may be the one that tries a dead chDB, because no other engine could answer it. A ClickHouse is left out
    /// while it is down, and also while it is suspected if chDB answers meanwhile: a check decides.
    pub fn planned(&mut self, kind: BackendKind, now: Timestamp, chdb_answers: bool) -> BackendState {
        match kind {
            BackendKind::Chdb => self.take_probe(now),
            BackendKind::Clickhouse if chdb_answers && self.is_suspected(now) => BackendState::Down,
            BackendKind::Clickhouse => self.state,
        }
    }

    /// Returns true from a question's deadline to the end of the check that follows it. A check that was lost ends it too.
    fn is_suspected(&self, now: Timestamp) -> bool {
        self.suspected
            .is_some_and(|since| now.duration_since(since) < DOWN)
    }

    /// What to believe now: an engine that has been down long enough is unknown again.
    pub fn state(&self, now: Timestamp) -> BackendState {
        match self.state {
            BackendState::Down if now >= self.next_probe => BackendState::Unknown,
            state => state,
        }
    }

    /// Like [`Belief::state`], for a request that will ask the engine: it takes the one probe for itself.
    fn take_probe(&mut self, now: Timestamp) -> BackendState {
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
            _ => {
                let is_old = |last| now.duration_since(last) >= self.fresh_for;
                self.suspected.is_some() || self.checked.is_none_or(is_old)
            }
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

    /// Returns true if the last check is too long ago to plan with. An engine that is down or suspected is checked in the
    /// background alone: no request waits for it.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.state != BackendState::Down
            && !self.is_suspected(now)
            && self.checked.is_none_or(|last| now.duration_since(last) >= STALE)
    }

    /// It answered a query; `as_of` is up to when it held all of the lake, if the answer shows that.
    pub fn answered(&mut self, now: Timestamp, latency_ms: f64, as_of: Option<Timestamp>) {
        self.learned(BackendState::Healthy, now, latency_ms);
        self.overrun.clear();
        self.report.as_of = as_of.or(self.report.as_of);
        self.detail = None;
    }

    /// It was checked and is well.
    pub fn reported(&mut self, now: Timestamp, latency_ms: f64, report: Report) {
        self.learned(BackendState::Healthy, now, latency_ms);
        self.ended_check(now);
        self.report = report;
        self.detail = None;
    }

    /// It sleeps, and wakes on the first query.
    pub fn sleeps(&mut self, now: Timestamp, latency_ms: f64) {
        self.learned(BackendState::Asleep, now, latency_ms);
        self.ended_check(now);
        self.detail = None;
    }

    /// A question ran into its deadline. One says little of the engine: a check has to say more. Several different ones with no
    /// answer in between mark it down, whatever a check says.
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

    /// It could not be reached, or a check was not answered in time.
    pub fn failed(&mut self, now: Timestamp, latency_ms: f64, detail: String) {
        self.learned(BackendState::Down, now, latency_ms);
        self.ended_check(now);
        self.overrun.clear();
        self.next_probe = now + DOWN;
        self.detail = Some(detail);
    }

    /// It answered, but not as its last report made us expect: the next check is due.
    pub fn doubted(&mut self) {
        self.checked = None;
    }

    /// A plan did without it because it lacked data: it is looked at again soon.
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

    /// One question of many, at its deadline.
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
        // A check is no answer.
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
