//! What the ClickHouses can answer, and why not.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use lakefront_api::{BackendKind, BackendState, Problem, ProblemType, Range, Reason};

use super::attempt::{Attempt, params, since};
use crate::{Backend, Held, Hot, Resolved, Statement, Topology};

/// How long a ClickHouse may take: chDB still has to fit into the request after it.
const VIEW_DEADLINE: Duration = Duration::from_millis(1_500);
const INDEXED_DEADLINE: Duration = Duration::from_secs(3);

/// How far behind the lake an answer may be: a twelfth of the range (one bar of a chart), and never more than this.
const RANGE_PER_LAG: u32 = 12;
const LONGEST_LAG: Duration = Duration::from_secs(30 * 60);

/// The ClickHouses that hold all of a question's range.
pub struct HotTier<'a> {
    asked: Option<Asked<'a>>,
    fresh: Vec<Complete<'a>>,
    late: Vec<Complete<'a>>,
    why_not: Option<Reason>,
}

/// What is asked of each.
struct Asked<'a> {
    hot: &'a Hot,
    resolved: &'a Resolved,
    range: Range,
    first_day: Date,
    now: Timestamp,
}

impl Asked<'_> {
    /// The statement for a ClickHouse that holds everything up to a time.
    fn statement(&self, as_of: Timestamp) -> Statement {
        let mut params = params(self.resolved, self.range, as_of.min(self.now));
        params.push(("first_day".into(), self.first_day.to_string()));
        Statement {
            sql: self.hot.sql.clone(),
            params,
            settings: Vec::new(),
        }
    }
}

/// A ClickHouse that holds all of the range, up to a time.
struct Complete<'a> {
    backend: &'a Backend,
    as_of: Timestamp,
}

impl<'a> HotTier<'a> {
    /// Looks at every ClickHouse, in order.
    pub fn of(resolved: &'a Resolved, range: Range, topology: &'a Topology, now: Timestamp) -> Self {
        let none = |why_not| Self {
            asked: None,
            fresh: Vec::new(),
            late: Vec::new(),
            why_not: Some(why_not),
        };
        if topology.of(BackendKind::Clickhouse).next().is_none() {
            return none(Reason::NoClickhouse);
        }
        let Some(hot) = &resolved.query.hot else {
            return none(Reason::NoView);
        };
        // There is nothing to hold before the lake begins.
        let first_day = topology
            .first_day
            .unwrap_or(Date::MIN)
            .max(day(since(resolved, range)));
        if first_day < day(now).saturating_sub(i64::from(hot.retention_days).days()) {
            return none(Reason::OutsideRetention);
        }
        let mut up = topology
            .of(BackendKind::Clickhouse)
            .filter(|backend| backend.state != BackendState::Down && backend.hot.is_some())
            .peekable();
        if up.peek().is_none() {
            return none(Reason::UnhealthyClickhouse);
        }
        let complete: Vec<Complete> = up
            .filter_map(|backend| as_of(backend, hot, first_day).map(|as_of| Complete { backend, as_of }))
            .collect();
        if complete.is_empty() {
            return none(Reason::Incomplete);
        }
        let bound = resolved.max_lag.map_or(Duration::MAX, Duration::from_secs);
        let tolerated = (lag(range.from, range.to) / RANGE_PER_LAG)
            .min(LONGEST_LAG)
            .min(bound);
        let (fresh, late): (Vec<_>, Vec<_>) = complete
            .into_iter()
            .filter(|one| lag(one.as_of, now) <= bound)
            .partition(|one| lag(one.as_of, now) <= tolerated);
        Self {
            why_not: fresh.is_empty().then_some(Reason::Lagging),
            asked: Some(Asked {
                hot,
                resolved,
                range,
                first_day,
                now,
            }),
            fresh,
            late,
        }
    }

    /// Why none is the engine of choice; none when one is.
    pub fn why_not(&self) -> Option<Reason> {
        self.why_not
    }

    /// Those that are fresh enough.
    pub fn fresh(&self) -> Vec<Attempt> {
        let reason = match &self.asked {
            Some(asked) if asked.hot.indexed => Reason::Indexed,
            _ => Reason::View,
        };
        self.attempts(&self.fresh, reason)
    }

    /// Those that are late, for when nothing else answers.
    pub fn late(&self, reason: Reason) -> Vec<Attempt> {
        self.attempts(&self.late, reason)
    }

    /// All of them, because the caller names the engine.
    pub fn forced(&self) -> Vec<Attempt> {
        let all = self.fresh.iter().chain(&self.late);
        self.attempts(all, Reason::Forced)
    }

    /// The problem of a caller who names the engine, when none can answer.
    pub fn refusal(&self) -> Problem {
        let why = self.why_not.unwrap_or(Reason::Lagging).sentence();
        let detail = format!("backend: {why}; ask with \"auto\" or \"chdb\"");
        Problem::new(ProblemType::NoBackend, detail)
    }

    /// The first for the reason, the others because the one before failed.
    fn attempts<'b>(&self, of: impl IntoIterator<Item = &'b Complete<'a>>, reason: Reason) -> Vec<Attempt>
    where
        'a: 'b,
    {
        let Some(asked) = &self.asked else {
            return Vec::new();
        };
        let attempt = |(at, one): (usize, &Complete)| Attempt {
            backend: one.backend.name.clone(),
            reason: if at == 0 || reason == Reason::LakeDown {
                reason
            } else {
                Reason::Failover
            },
            statement: asked.statement(one.as_of),
            deadline: if asked.hot.indexed {
                INDEXED_DEADLINE
            } else {
                VIEW_DEADLINE
            },
            as_of: Some(one.as_of),
        };
        of.into_iter().enumerate().map(attempt).collect()
    }
}

/// Up to when a ClickHouse holds everything from a day on that the statement reads; none when it does not.
fn as_of(backend: &Backend, hot: &Hot, first_day: Date) -> Option<Timestamp> {
    let coverage = &backend.hot.as_ref()?.coverage;
    let held = |held: &Held| {
        coverage
            .iter()
            .find(|row| row.view == held.name && row.version == held.version && row.first_day <= first_day)
            .map(|row| row.as_of)
    };
    let times: Option<Vec<Timestamp>> = hot.reads.iter().map(held).collect();
    times?.into_iter().min()
}

/// How long `now` is after a time; nothing when it is before.
pub fn lag(time: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(time).try_into().unwrap_or_default()
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
