//! The record of problems: which are known, and what nobody was told yet. It is pure: the clock is an argument.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Finding;

/// The most problems that are known at a time. Further ones are not taken in until some have ended.
const MOST_PROBLEMS: usize = 100;
/// The most notices that wait. The oldest are dropped, and the log of the Worker has them.
const MOST_NOTICES: usize = 100;

/// The record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    problems: BTreeMap<String, Problem>,
    notices: Vec<Notice>,
    /// The number of the last notice.
    last: u64,
}

/// All that one check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The name of the check.
    pub check: String,
    /// What it has found.
    pub findings: Vec<Finding>,
    /// The time for which a problem is not found before it has ended, in seconds.
    pub ended_after_seconds: u32,
}

/// A known problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Problem {
    /// The check that finds it.
    check: String,
    finding: Finding,
    since: Timestamp,
    last_found: Timestamp,
    /// True once there is a notice that it has begun.
    raised: bool,
}

/// A notice that a problem has begun or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The number of the notice. It increases.
    pub id: u64,
    /// Whether the problem has begun or ended.
    pub state: NoticeState,
    /// What is wrong, in a word such as `engine-down`.
    pub problem: String,
    /// The part: an engine, a table, `ingest` or `keeper`.
    pub part: String,
    /// When the problem was found first.
    pub since: Timestamp,
    /// When the notice was made.
    pub at: Timestamp,
    /// The figures, as a text for people.
    pub text: String,
}

/// The states of a problem that there are notices for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    /// The problem has lasted as long as its threshold says.
    Raised,
    /// The problem was not found for some time.
    Ended,
}

impl NoticeState {
    /// Returns the name of the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Ended => "ended",
        }
    }
}

impl Notice {
    /// Returns the notice as a line for people.
    pub fn line(&self) -> String {
        let Self {
            problem, part, text, ..
        } = self;
        match self.state {
            NoticeState::Raised => format!("{problem}: {part}: {text}"),
            NoticeState::Ended => {
                let minutes = self.at.duration_since(self.since).as_mins();
                format!("{problem}: {part}: ended, {minutes} min after it began")
            }
        }
    }
}

impl Record {
    /// Takes in all that one check has found. Problems of other checks stay as they are.
    pub fn note(&mut self, found: Found, now: Timestamp) {
        let Found {
            check,
            findings,
            ended_after_seconds,
        } = found;
        let ended_after = SignedDuration::from_secs(ended_after_seconds.into());
        for finding in findings {
            let key = format!("{} {}", finding.problem, finding.part);
            if self.problems.len() >= MOST_PROBLEMS && !self.problems.contains_key(&key) {
                continue;
            }
            let problem = self.problems.entry(key).or_insert_with(|| Problem {
                check: check.clone(),
                finding: finding.clone(),
                since: now,
                last_found: now,
                raised: false,
            });
            problem.finding = finding;
            problem.last_found = now;
        }
        let mut changed = Vec::new();
        self.problems.retain(|_, problem| {
            if problem.check != check {
                return true;
            }
            let lasts = now.duration_since(problem.since);
            let is_found = problem.last_found == now;
            if is_found && !problem.raised && lasts >= problem.finding.after() {
                problem.raised = true;
                changed.push(problem.notice(NoticeState::Raised, now));
            }
            let has_ended = match problem.raised {
                true => !is_found && now.duration_since(problem.last_found) >= ended_after,
                false => !is_found,
            };
            if has_ended && problem.raised {
                changed.push(problem.notice(NoticeState::Ended, now));
            }
            !has_ended
        });
        for mut notice in changed {
            self.last += 1;
            notice.id = self.last;
            self.notices.push(notice);
        }
        let spare = self.notices.len().saturating_sub(MOST_NOTICES);
        self.notices.drain(..spare);
    }

    /// Returns the notices that nobody was told yet, oldest first.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Drops the notices up to one that somebody was told.
    pub fn told(&mut self, last: u64) {
        self.notices.retain(|notice| notice.id > last);
    }
}

impl Problem {
    fn notice(&self, state: NoticeState, at: Timestamp) -> Notice {
        Notice {
            id: 0,
            state,
            problem: self.finding.problem.clone(),
            part: self.finding.part.clone(),
            since: self.since,
            at,
            text: self.finding.text.clone(),
        }
    }
}

impl Finding {
    fn after(&self) -> SignedDuration {
        SignedDuration::from_secs(self.after_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_774_353_600 + seconds).unwrap()
    }

    fn finding(part: &str, after_seconds: u32) -> Finding {
        Finding {
            problem: "engine-down".into(),
            part: part.into(),
            after_seconds,
            text: "refused".into(),
        }
    }

    fn found(check: &str, findings: &[Finding]) -> Found {
        Found {
            check: check.into(),
            findings: findings.to_vec(),
            ended_after_seconds: 300,
        }
    }

    /// Takes in a check with these findings, and returns the lines of the notices so far.
    fn note(record: &mut Record, findings: &[Finding], second: i64) -> Vec<String> {
        record.note(found("health", findings), at(second));
        record.notices().iter().map(Notice::line).collect()
    }

    #[test]
    fn a_problem_is_raised_once_and_ends_once() {
        let mut record = Record::default();
        let down = [finding("us", 300)];
        for second in [0, 120, 240] {
            assert!(note(&mut record, &down, second).is_empty());
        }
        let raised = ["engine-down: us: refused"];
        assert_eq!(note(&mut record, &down, 360), raised);
        assert_eq!(note(&mut record, &down, 480), raised, "not again");
        assert_eq!(note(&mut record, &[], 600), raised, "it may come back");
        assert_eq!(note(&mut record, &down, 720), raised, "it did");
        assert_eq!(note(&mut record, &[], 1_000), raised);
        let ended = "engine-down: us: ended, 17 min after it began";
        assert_eq!(note(&mut record, &[], 1_020), [raised[0], ended]);
        record.told(1);
        assert_eq!(note(&mut record, &[], 1_140), [ended]);
        record.told(2);
        assert_eq!(
            record,
            Record {
                last: 2,
                ..Record::default()
            }
        );
    }

    #[test]
    fn a_short_problem_is_no_notice() {
        let mut record = Record::default();
        for second in (0..3_000).step_by(240) {
            note(&mut record, &[finding("us", 300)], second);
            assert!(note(&mut record, &[], second + 120).is_empty());
        }
        assert_eq!(
            note(&mut record, &[finding("us", 0)], 3_000).len(),
            1,
            "without patience"
        );
    }

    #[test]
    fn checks_end_their_own_problems_only() {
        let mut record = Record::default();
        record.note(found("keeper", &[finding("keeper", 0)]), at(0));
        for second in [120, 600, 1_200] {
            assert_eq!(note(&mut record, &[], second).len(), 1);
        }
        record.note(found("keeper", &[]), at(1_320));
        assert_eq!(record.notices().len(), 2);
    }

    #[test]
    fn the_record_has_a_limit() {
        let mut record = Record::default();
        let long = |at| Finding {
            text: "🔥".repeat(300),
            ..finding(&format!("engine {at}"), 0)
        };
        let many: Vec<_> = (0..50_000).map(long).collect();
        for round in 0..3 {
            let findings = if round % 2 == 0 { &many[..] } else { &[] };
            note(&mut record, findings, round * 1_000);
            assert!(record.problems.len() <= MOST_PROBLEMS && record.notices.len() <= MOST_NOTICES);
        }
        let size = serde_json::to_vec(&record).unwrap().len();
        assert!(
            size < 2_000_000,
            "a Durable Object stores no more under a key: {size}"
        );
        let last = record.notices().last().unwrap().id;
        assert_eq!(last, 300, "the newest are kept");
    }

    #[test]
    fn a_clock_that_goes_back_harms_nothing() {
        let mut record = Record::default();
        note(&mut record, &[finding("us", 300)], 1_000);
        assert!(note(&mut record, &[finding("us", 300)], 0).is_empty());
        assert!(note(&mut record, &[], -5_000).is_empty());
    }
}
