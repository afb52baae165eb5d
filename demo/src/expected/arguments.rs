//! The arguments of a named query, and the selection of events by them.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{DAY, Event, Facts, HOUR};

/// The arguments of a named query: a range, a zone and filters.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// The first instant inside the range, in microseconds since 1970.
    pub from: i64,
    /// The first instant after the range, in microseconds since 1970.
    pub to: i64,
    /// The end of the data, in microseconds since 1970.
    pub now: i64,
    /// The time zone of hours and days.
    pub tz: TimeZone,
    /// The service to select. Empty means all.
    pub service: String,
    /// The environment to select. Empty means all.
    pub environment: String,
    /// The page to select. Empty means all.
    pub page: String,
    /// The route to select. Empty means all.
    pub route: String,
    /// The user of `errors_for_user`.
    pub user_id: String,
    /// The group of errors to select. Empty means all.
    pub error_group: String,
    /// The trace of `trace_spans`.
    pub trace_id: String,
    /// The largest number of rows, for a query that has a limit.
    pub limit: usize,
}

impl Arguments {
    /// Creates the arguments for everything in `[from, to)`, in a zone.
    pub fn new(from: i64, to: i64, tz: TimeZone) -> Self {
        Self {
            from,
            to,
            now: i64::MAX,
            tz,
            service: String::new(),
            environment: String::new(),
            page: String::new(),
            route: String::new(),
            user_id: String::new(),
            error_group: String::new(),
            trace_id: String::new(),
            limit: usize::MAX,
        }
    }

    /// Returns the selected events for a query whose range is not widened.
    pub(super) fn exact<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.from..self.to)
    }

    /// Returns the selected events for a query whose range is widened to hours.
    pub(super) fn hours<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.whole_hours())
    }

    /// Returns the selected events for a query whose range is widened to quarters of an hour.
    pub(super) fn quarters<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        const QUARTER: i64 = HOUR / 4;
        let up = |time: i64| (time + QUARTER - 1).div_euclid(QUARTER) * QUARTER;
        self.within(events, self.from.div_euclid(QUARTER) * QUARTER..up(self.to))
    }

    /// Returns the same events as [`Self::hours`], and those of a number of days before.
    pub(super) fn hours_since<'a>(
        &'a self,
        events: &'a [Event],
        days: i64,
    ) -> impl Iterator<Item = &'a Event> {
        let Range { start, end } = self.whole_hours();
        self.within(events, start - days * DAY..end)
    }

    /// Returns the range widened to hours.
    pub(super) fn whole_hours(&self) -> Range<i64> {
        let floor = self.hour(self.to);
        self.hour(self.from)..if floor == self.to { floor } else { floor + HOUR }
    }

    /// Returns the selected events for a query whose range is widened to days.
    pub(super) fn days<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.whole_days())
    }

    /// Returns the selected sessions for a query whose range is widened to days.
    ///
    /// Each session has the values that `pick` returns for its events, oldest first. The first of them dates the session.
    /// A session is complete if it lasts no longer than to the end of the next UTC day.
    pub(super) fn sessions<'a, T: Ord>(
        &'a self,
        events: &'a [Event],
        pick: impl Fn(&'a Facts) -> Option<T>,
    ) -> impl Iterator<Item = Vec<(i64, T)>> {
        let range = self.whole_days();
        let read = (range.start - DAY).div_euclid(DAY) * DAY..(range.end + 2 * DAY - 1).div_euclid(DAY) * DAY;
        let mut sessions = BTreeMap::<&str, Vec<(i64, T)>>::new();
        for event in self.within(events, read) {
            let facts = &event.facts;
            if !facts.bot
                && !facts.session.is_empty()
                && let Some(picked) = pick(facts)
            {
                let session = sessions.entry(facts.session.as_str()).or_default();
                session.push((event.time, picked));
            }
        }
        sessions.into_values().filter_map(move |mut rows| {
            rows.sort_unstable();
            range.contains(&rows[0].0).then_some(rows)
        })
    }

    fn whole_days(&self) -> Range<i64> {
        let floor = self.start(self.day(self.to));
        let next = self.day(self.to).tomorrow().map_or(floor, |day| self.start(day));
        self.start(self.day(self.from))..if floor == self.to { floor } else { next }
    }

    fn within<'a>(&'a self, events: &'a [Event], range: Range<i64>) -> impl Iterator<Item = &'a Event> {
        events.iter().filter(move |event| {
            let source = event.source;
            range.contains(&event.time)
                && passes(&self.service, source.service.name())
                && passes(&self.environment, source.environment.name())
                && passes(&self.page, &event.facts.page)
                && (self.route.is_empty()
                    || event
                        .facts
                        .request
                        .as_ref()
                        .is_some_and(|request| request.route == self.route))
        })
    }

    /// Returns the start of the hour that contains an instant, on the clocks of the zone.
    pub(super) fn hour(&self, time: i64) -> i64 {
        let offset = i64::from(self.tz.to_offset(instant(time)).seconds()) * crate::SECOND;
        (time + offset).div_euclid(HOUR) * HOUR - offset
    }

    /// Returns the day that contains an instant, on the calendar of the zone.
    pub(super) fn day(&self, time: i64) -> Date {
        self.tz.to_datetime(instant(time)).date()
    }

    fn start(&self, day: Date) -> i64 {
        // If a clock change skips midnight, the day starts at the first instant after it.
        day.to_zoned(self.tz.clone())
            .map_or(0, |start| start.timestamp().as_microsecond())
    }
}

fn passes(filter: &str, value: &str) -> bool {
    filter.is_empty() || filter == value
}

fn instant(time: i64) -> Timestamp {
    Timestamp::from_microsecond(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
