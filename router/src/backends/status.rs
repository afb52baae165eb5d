//! The cached status of an engine, updated by each call and by background checks. Pure: the clock is an argument.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{BackendKind, BackendState, ContainerHealth};

use crate::backends::report::EngineReport;

/// The age of a status at which a background check is due.
const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(30);
/// The age at which a check is due for an engine that lacks data or lags behind. Sync is expected to change that soon.
const RECHECK_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// The age at which a status is too old to plan with, so that the check comes first. No query came in meanwhile.
const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// The time for which a failed engine gets no queries. After that it is tried once.
const PROBE_BACKOFF: SignedDuration = SignedDuration::from_secs(10);

/// The number of different queries that run into their deadlines, with no answer in between, before the engine counts
/// as down. A smaller number may be due to the queries themselves.
const MAX_OVERRUNS: usize = 3;

/// The cached status of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendStatus {
    state: BackendState,
    /// When the engine may be tried again, while it is down.
    next_probe: Timestamp,
    /// When a query last ran into its deadline, if no answer and no check has ended since.
    suspected_since: Option<Timestamp>,
    /// The different queries that ran into their deadlines since the last answer, as hashes. There are fewer than
    /// [`MAX_OVERRUNS`].
    overrun_statements: Vec<u64>,
    /// When the running check started, if one is running.
    check_started: Option<Timestamp>,
    /// When the last check ended. `None` also after a failure that contradicts the check's report.
    check_ended: Option<Timestamp>,
    /// The time after which the next check is due.
    check_after: SignedDuration,
    /// When the last check or call ended.
    pub last_contact: Option<Timestamp>,
    /// The duration of the last check or call, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The engine's last report about its data.
    pub report: EngineReport,
    /// The last failure, as a text for people.
    pub detail: Option<String>,
    /// The engine's container at the last check, if it is in one.
    pub container: Option<ContainerHealth>,
}

impl Default for BackendStatus {
    fn default() -> Self {
        Self {
            state: BackendState::Unknown,
            next_probe: Timestamp::UNIX_EPOCH,
            suspected_since: None,
            overrun_statements: Vec::new(),
            check_started: None,
            check_ended: None,
            check_after: CHECK_INTERVAL,
            last_contact: None,
            latency_ms: None,
            report: EngineReport::default(),
            detail: None,
            container: None,
        }
    }
}

impl BackendStatus {
    /// Returns the state to plan a request with.
    ///
    /// The request may be the one that tries a chDB that is down, because no other engine could answer it. A ClickHouse
    /// that is down is left out of the plan. A suspected ClickHouse is left out too if chDB answers meanwhile, until a
    /// check has ended.
    pub fn plan_state(&mut self, kind: BackendKind, now: Timestamp, chdb_answers: bool) -> BackendState {
        match kind {
            BackendKind::Chdb => self.try_probe(now),
            BackendKind::Clickhouse => self.expected_state(kind, now, chdb_answers),
        }
    }

    /// Returns the same as [`Self::plan_state`] for a request that may yet take a kept answer. The one probe of a down
    /// engine stays for a request that calls it.
    pub fn expected_state(&self, kind: BackendKind, now: Timestamp, chdb_answers: bool) -> BackendState {
        match kind {
            BackendKind::Chdb => self.state(now),
            BackendKind::Clickhouse if chdb_answers && self.is_suspected(now) => BackendState::Down,
            BackendKind::Clickhouse => self.state,
        }
    }

    /// Returns true from a query's deadline to the end of the check that follows, but for 10 seconds at most.
    fn is_suspected(&self, now: Timestamp) -> bool {
        self.suspected_since
            .is_some_and(|since| now.duration_since(since) < PROBE_BACKOFF)
    }

    /// Returns the state at `now`. An engine that has been down long enough is unknown again.
    pub fn state(&self, now: Timestamp) -> BackendState {
        match self.state {
            BackendState::Down if now >= self.next_probe => BackendState::Unknown,
            state => state,
        }
    }

    /// Returns the same as [`Self::state`] for a request that will call the engine. The request takes the one probe of a
    /// down engine.
    fn try_probe(&mut self, now: Timestamp) -> BackendState {
        let state = self.state(now);
        if self.state == BackendState::Down && state == BackendState::Unknown {
            self.next_probe = now + PROBE_BACKOFF;
        }
        state
    }

    /// Returns true if a check is due, and marks it as running. The caller must then run it.
    pub fn try_begin_check(&mut self, now: Timestamp) -> bool {
        let due = match self.state {
            BackendState::Down => now >= self.next_probe,
            _ => {
                let is_old = |last| now.duration_since(last) >= self.check_after;
                self.suspected_since.is_some() || self.check_ended.is_none_or(is_old)
            }
        };
        // A check whose request was cancelled never reports its end. It must not block the next one for ever.
        let running = self
            .check_started
            .is_some_and(|since| now.duration_since(since) < PROBE_BACKOFF);
        if due && !running {
            self.check_started = Some(now);
        }
        due && !running
    }

    /// Returns true if the last check is too old to plan with. An engine that is down or suspected is checked in the
    /// background only, so no request waits for it.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.state != BackendState::Down
            && !self.is_suspected(now)
            && self
                .check_ended
                .is_none_or(|last| now.duration_since(last) >= STALE_AFTER)
    }

    /// Records that the engine answered a query. `as_of` is the time up to which it held the whole lake, if the answer
    /// shows that.
    pub fn record_answer(&mut self, now: Timestamp, latency_ms: f64, as_of: Option<Timestamp>) {
        self.record_contact(BackendState::Healthy, now, latency_ms);
        self.overrun_statements.clear();
        self.report.as_of = as_of.or(self.report.as_of);
        self.detail = None;
    }

    /// Records a check that found the engine healthy.
    pub fn record_report(&mut self, now: Timestamp, latency_ms: f64, report: EngineReport) {
        self.record_contact(BackendState::Healthy, now, latency_ms);
        self.end_check(now);
        self.report = report;
        self.detail = None;
    }

    /// Records a check that found the engine asleep. The first query wakes it.
    pub fn record_asleep(&mut self, now: Timestamp, latency_ms: f64) {
        self.record_contact(BackendState::Asleep, now, latency_ms);
        self.end_check(now);
        self.detail = None;
    }

    /// Records that a query ran into its deadline. One overrun makes the engine suspected, and a check decides.
    /// `MAX_OVERRUNS` different ones with no answer in between mark it down, whatever the checks find.
    pub fn record_overrun(&mut self, statement_hash: u64, now: Timestamp, latency_ms: f64, detail: String) {
        if !self.overrun_statements.contains(&statement_hash) {
            self.overrun_statements.push(statement_hash);
        }
        if self.overrun_statements.len() >= MAX_OVERRUNS {
            self.record_failure(now, latency_ms, detail);
        } else {
            self.suspected_since = Some(now);
        }
    }

    /// Records that the engine could not be reached, or that a check got no answer in time.
    pub fn record_failure(&mut self, now: Timestamp, latency_ms: f64, detail: String) {
        self.record_contact(BackendState::Down, now, latency_ms);
        self.end_check(now);
        self.overrun_statements.clear();
        self.next_probe = now + PROBE_BACKOFF;
        self.detail = Some(detail);
    }

    /// Records an answer that contradicts the last report: the next check is due at once.
    pub fn invalidate(&mut self) {
        self.check_ended = None;
    }

    /// Records that a plan left the engine out because it lacked data: the next check is due after 2 seconds.
    pub fn mark_incomplete(&mut self) {
        self.check_after = RECHECK_AFTER;
    }

    fn record_contact(&mut self, state: BackendState, now: Timestamp, latency_ms: f64) {
        self.state = state;
        self.suspected_since = None;
        self.last_contact = Some(now);
        self.latency_ms = Some(latency_ms);
    }

    fn end_check(&mut self, now: Timestamp) {
        self.check_started = None;
        self.check_ended = Some(now);
        self.check_after = CHECK_INTERVAL;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_774_353_600 + seconds).unwrap()
    }

    #[test]
    fn a_failure_keeps_queries_away_for_ten_seconds_and_then_permits_one() {
        let mut status = BackendStatus::default();
        assert_eq!(status.try_probe(at(0)), BackendState::Unknown);
        status.record_failure(at(0), 1.0, "refused".into());
        assert_eq!(status.try_probe(at(9)), BackendState::Down);
        for _ in 0..2 {
            let expected = status.expected_state(BackendKind::Chdb, at(10), true);
            assert_eq!(expected, BackendState::Unknown, "it takes no probe");
        }
        assert_eq!(status.try_probe(at(10)), BackendState::Unknown, "the probe");
        assert_eq!(status.try_probe(at(10)), BackendState::Down, "only one");
        status.record_answer(at(11), 2.0, Some(at(11)));
        assert_eq!(status.try_probe(at(11)), BackendState::Healthy);
        assert_eq!(status.detail, None);
    }

    #[test]
    fn checks_are_due_after_half_a_minute_and_never_two_at_once() {
        let mut status = BackendStatus::default();
        assert!(status.try_begin_check(at(0)));
        assert!(!status.try_begin_check(at(1)), "one is running");
        status.record_report(at(2), 2.0, EngineReport::default());
        status.record_answer(at(20), 2.0, None);
        assert!(!status.try_begin_check(at(31)));
        assert!(
            status.try_begin_check(at(32)),
            "an answer shows less than a check"
        );
        assert!(!status.try_begin_check(at(41)));
        assert!(
            status.try_begin_check(at(42)),
            "the one that was running was lost"
        );
        status.record_failure(at(43), 2.0, "refused".into());
        assert!(!status.try_begin_check(at(52)));
        assert!(
            status.try_begin_check(at(53)),
            "a failure is checked again sooner"
        );
    }

    #[test]
    fn an_old_status_is_stale() {
        let mut status = BackendStatus::default();
        assert!(status.is_stale(at(0)), "there was no check yet");
        status.record_report(at(0), 2.0, EngineReport::default());
        assert!(!status.is_stale(at(59)));
        assert!(status.is_stale(at(60)));
        status.record_failure(at(61), 2.0, "refused".into());
        assert!(!status.is_stale(at(200)), "no request waits for a dead engine");
        assert_eq!(
            (
                status.plan_state(BackendKind::Clickhouse, at(200), true),
                status.state(at(200))
            ),
            (BackendState::Down, BackendState::Unknown)
        );
    }

    #[test]
    fn an_invalidated_report_is_checked_again() {
        let mut status = BackendStatus::default();
        status.record_report(at(0), 2.0, EngineReport::default());
        status.invalidate();
        assert_eq!(
            status.state(at(1)),
            BackendState::Healthy,
            "a contradiction is no failure"
        );
        assert!(status.try_begin_check(at(1)));
        assert!(!status.try_begin_check(at(1)));
    }

    #[test]
    fn an_incomplete_engine_is_checked_again_soon() {
        let mut status = BackendStatus::default();
        status.record_report(at(0), 2.0, EngineReport::default());
        status.mark_incomplete();
        assert!(!status.try_begin_check(at(1)), "however many queries come");
        assert!(status.try_begin_check(at(2)));
        status.record_report(at(2), 2.0, EngineReport::default());
        assert!(!status.try_begin_check(at(31)), "it lacked nothing since");
    }

    /// Records the deadline of one of several queries.
    fn record_overrun(status: &mut BackendStatus, statement_hash: u64, second: i64) {
        status.record_overrun(
            statement_hash,
            at(second),
            1_500.0,
            "no answer within 1.5 s".into(),
        );
    }

    #[test]
    fn one_slow_query_marks_no_engine_down() {
        let mut status = BackendStatus::default();
        status.record_report(at(0), 2.0, EngineReport::default());
        for second in 1..20 {
            record_overrun(&mut status, 7, second);
            assert_eq!(status.state(at(second)), BackendState::Healthy);
            assert_eq!(
                status.plan_state(BackendKind::Chdb, at(second), true),
                BackendState::Healthy,
                "no other engine could answer"
            );
            status.record_report(at(second), 2.0, EngineReport::default());
            assert_eq!(
                status.plan_state(BackendKind::Clickhouse, at(second), true),
                BackendState::Healthy
            );
        }
    }

    #[test]
    fn a_suspected_clickhouse_is_left_out_until_it_is_checked() {
        let mut status = BackendStatus::default();
        status.record_report(at(0), 2.0, EngineReport::default());
        record_overrun(&mut status, 7, 1);
        assert_eq!(
            status.plan_state(BackendKind::Clickhouse, at(1), true),
            BackendState::Down
        );
        assert_eq!(
            status.plan_state(BackendKind::Clickhouse, at(1), false),
            BackendState::Healthy,
            "no other engine could answer"
        );
        assert!(!status.is_stale(at(1)), "no request waits for the check");
        assert!(status.try_begin_check(at(1)), "at once");
        assert!(!status.try_begin_check(at(1)), "one is enough");
        status.record_failure(at(4), 3_000.0, "no answer within 3 s".into());
        assert_eq!(status.state(at(4)), BackendState::Down);

        status.record_report(at(20), 2.0, EngineReport::default());
        record_overrun(&mut status, 7, 21);
        assert_eq!(
            status.plan_state(BackendKind::Clickhouse, at(31), true),
            BackendState::Healthy,
            "the check was lost"
        );
        assert!(status.try_begin_check(at(31)), "and is still due");
        status.record_answer(at(32), 2.0, None);
        assert!(!status.try_begin_check(at(32)), "an answer is as good");
    }

    #[test]
    fn three_different_queries_without_an_answer_mark_an_engine_down() {
        let mut status = BackendStatus::default();
        status.record_report(at(0), 2.0, EngineReport::default());
        for statement_hash in [1, 2, 1, 2, 1] {
            record_overrun(&mut status, statement_hash, 1);
        }
        status.record_answer(at(2), 2.0, None);
        record_overrun(&mut status, 3, 3);
        record_overrun(&mut status, 4, 3);
        // A successful check does not count as an answer.
        status.record_report(at(4), 2.0, EngineReport::default());
        assert_eq!(status.state(at(4)), BackendState::Healthy);
        record_overrun(&mut status, 5, 5);
        assert_eq!(status.state(at(5)), BackendState::Down);
        status.record_report(at(15), 2.0, EngineReport::default());
        record_overrun(&mut status, 5, 16);
        assert_eq!(status.state(at(16)), BackendState::Healthy, "counted anew");
    }

    #[test]
    fn a_sleeping_engine_is_not_down() {
        let mut status = BackendStatus::default();
        status.record_asleep(at(0), 1.0);
        assert_eq!(status.state(at(0)), BackendState::Asleep);
    }

    #[test]
    fn as_of_survives_an_answer_without_one() {
        let mut status = BackendStatus::default();
        status.record_answer(at(0), 1.0, Some(at(0)));
        status.record_answer(at(1), 1.0, None);
        assert_eq!(status.report.as_of, Some(at(0)));
    }
}
