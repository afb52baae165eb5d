//! Selects the ClickHouses that can answer a query, or gives the reason why none can.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use lakefront_api::{BackendKind, BackendState, Problem, ProblemType, Range, Reason};
use lakefront_clickhouse_http::Statement;
use lakefront_hot_tier::{CoverageKey, HotStatement};

use super::attempt::{Attempt, params, since};
use super::unset::without_unset;
use crate::{Backend, Resolved, Topology};

/// The longest time that a ClickHouse may take on a view. The request still needs time for chDB afterwards.
const VIEW_DEADLINE: Duration = Duration::from_millis(1_500);
/// The longest time that a ClickHouse may take on raw tables, by their indexes.
const INDEXED_DEADLINE: Duration = Duration::from_secs(3);

/// The accepted lag behind the lake is the range divided by this number: one bar of a chart.
const RANGE_PER_LAG: u32 = 12;
/// The longest accepted lag, however long the range is.
const LONGEST_LAG: Duration = Duration::from_secs(30 * 60);

/// The ClickHouses that hold the whole range of a query, divided into fresh and late ones.
pub struct HotTier<'a> {
    request: Option<HotRequest<'a>>,
    fresh: Vec<Complete<'a>>,
    late: Vec<Complete<'a>>,
    why_not: Option<Reason>,
}

/// The query that each ClickHouse gets.
struct HotRequest<'a> {
    hot: &'a HotStatement,
    resolved: &'a Resolved,
    range: Range,
    first_day: Date,
    now: Timestamp,
}

impl HotRequest<'_> {
    /// Returns the statement for a ClickHouse that holds all data up to `as_of`.
    fn statement(&self, as_of: Timestamp) -> Statement {
        let mut params = params(self.resolved, self.range, as_of.min(self.now));
        params.push(("first_day".into(), self.first_day.to_string().into()));
        Statement {
            sql: without_unset(&self.hot.sql, &self.resolved.params),
            params,
            ..Statement::default()
        }
    }
}

/// A ClickHouse that holds the whole range, with the time up to which its data is complete.
struct Complete<'a> {
    backend: &'a Backend,
    as_of: Timestamp,
}

impl<'a> HotTier<'a> {
    /// Selects among the ClickHouses of the topology, in their order.
    pub fn of(resolved: &'a Resolved, range: Range, topology: &'a Topology, now: Timestamp) -> Self {
        let none = |why_not| Self {
            request: None,
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
        // Before the lake's first day there are no rows, so that a ClickHouse needs no coverage there.
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
        let whole = resolved.whole.unwrap_or(range);
        let tolerated = (lag(whole.from, whole.to) / RANGE_PER_LAG)
            .min(LONGEST_LAG)
            .min(bound);
        let (fresh, late): (Vec<_>, Vec<_>) = complete
            .into_iter()
            .filter(|one| lag(one.as_of, now) <= bound)
            .partition(|one| lag(one.as_of, now) <= tolerated);
        Self {
            why_not: fresh.is_empty().then_some(Reason::Lagging),
            request: Some(HotRequest {
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

    /// Returns the reason why no ClickHouse is the first choice, or `None` if one is.
    pub fn why_not(&self) -> Option<Reason> {
        self.why_not
    }

    /// Returns attempts on the ClickHouses that are fresh enough.
    pub fn fresh(&self) -> Vec<Attempt> {
        let reason = match &self.request {
            Some(request) if request.hot.indexed => Reason::Indexed,
            _ => Reason::View,
        };
        self.attempts(&self.fresh, reason)
    }

    /// Returns attempts on the ClickHouses that lag behind, to be used after all other engines failed.
    pub fn late(&self, reason: Reason) -> Vec<Attempt> {
        self.attempts(&self.late, reason)
    }

    /// Returns attempts on all complete ClickHouses, for a caller who requires ClickHouse.
    pub fn forced(&self) -> Vec<Attempt> {
        let all = self.fresh.iter().chain(&self.late);
        self.attempts(all, Reason::Forced)
    }

    /// Returns the problem for a caller who requires ClickHouse when none can answer.
    pub fn refusal(&self) -> Problem {
        let why = self.why_not.unwrap_or(Reason::Lagging).sentence();
        let detail = format!("backend: {why}; ask with \"auto\" or \"chdb\"");
        Problem::new(ProblemType::NoBackend, detail)
    }

    /// Returns one attempt per ClickHouse. The first has `reason`. The others have [`Reason::Failover`], or again
    /// [`Reason::LakeDown`].
    fn attempts<'b>(&self, of: impl IntoIterator<Item = &'b Complete<'a>>, reason: Reason) -> Vec<Attempt>
    where
        'a: 'b,
    {
        let Some(request) = &self.request else {
            return Vec::new();
        };
        let attempt = |(at, one): (usize, &Complete)| Attempt {
            backend: one.backend.name.clone(),
            reason: if at == 0 || reason == Reason::LakeDown {
                reason
            } else {
                Reason::Failover
            },
            statement: request.statement(one.as_of),
            deadline: if request.hot.indexed {
                INDEXED_DEADLINE
            } else {
                VIEW_DEADLINE
            },
            as_of: Some(one.as_of),
        };
        of.into_iter().enumerate().map(attempt).collect()
    }
}

/// Returns the time up to which a ClickHouse holds every table the statement reads, from `first_day` on. Returns `None`
/// if one of them is missing, has another version, or begins later.
fn as_of(backend: &Backend, hot: &HotStatement, first_day: Date) -> Option<Timestamp> {
    let coverage = &backend.hot.as_ref()?.coverage;
    let complete_until = |key: &CoverageKey| {
        coverage
            .iter()
            .find(|row| row.view == key.name && row.version == key.version && row.first_day <= first_day)
            .map(|row| row.as_of)
    };
    let times: Option<Vec<Timestamp>> = hot.reads.iter().map(complete_until).collect();
    times?.into_iter().min()
}

/// Returns the duration from `time` to `now`, zero if `time` is later.
pub fn lag(time: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(time).try_into().unwrap_or_default()
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
