use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{DAY, Event, Facts, HOUR};

/// What is asked: a range, a zone and filters.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The first instant inside, in microseconds since 1970.
    pub from: i64,
    /// The first instant after.
    pub to: i64,
    /// The end of the data, in microseconds since 1970.
    pub now: i64,
    /// The zone in which hours and days are cut.
    pub tz: TimeZone,
    /// Only this service; empty means all.
    pub service: String,
    /// Only this environment; empty means all.
    pub environment: String,
    /// Only this page; empty means all.
    pub page: String,
    /// Only this route; empty means all.
    pub route: String,
    /// The user of `errors_for_user`.
    pub user_id: String,
    /// Only this group of errors; empty means all.
    pub error_group: String,
    /// The trace of `trace_spans`.
    pub trace_id: String,
    /// How many rows, where a query has a limit.
    pub limit: usize,
}

impl Ask {
    /// Everything in `[from, to)`, in a zone.
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

    /// The events that count, for a query that takes the range as it is.
    pub(super) fn exact<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.from..self.to)
    }

    /// The events that count, for a query whose range is widened to hours.
    pub(super) fn hours<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.whole_hours())
    }

    /// The events that count, for a query whose range is widened to quarters of an hour.
    pub(super) fn quarters<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        const QUARTER: i64 = HOUR / 4;
        let up = |time: i64| (time + QUARTER - 1).div_euclid(QUARTER) * QUARTER;
        self.within(events, self.from.div_euclid(QUARTER) * QUARTER..up(self.to))
    }

    /// The same, and those of the days before.
    pub(super) fn hours_since<'a>(
        &'a self,
        events: &'a [Event],
        days: i64,
    ) -> impl Iterator<Item = &'a Event> {
        let Range { start, end } = self.whole_hours();
        self.within(events, start - days * DAY..end)
    }

    /// The range widened to hours.
    pub(super) fn whole_hours(&self) -> Range<i64> {
        let floor = self.hour(self.to);
        self.hour(self.from)..if floor == self.to { floor } else { floor + HOUR }
    }

    /// The events that count, for a query whose range is widened to days.
    pub(super) fn days<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = &'a Event> {
        self.within(events, self.whole_days())
    }

    /// The sessions that count, for a query whose range is widened to days: cut at UTC midnight, each with those of its
    /// rows that `pick` takes (and what it makes of them), oldest first, and dated by the first.
    pub(super) fn sessions<'a, T: Ord>(
        &'a self,
        events: &'a [Event],
        pick: impl Fn(&'a Facts) -> Option<T>,
    ) -> impl Iterator<Item = Vec<(i64, T)>> {
        let mut sessions = BTreeMap::<(&str, i64), Vec<(i64, T)>>::new();
        for event in self.within(events, i64::MIN..i64::MAX) {
            let facts = &event.facts;
            if !facts.bot
                && !facts.session.is_empty()
                && let Some(picked) = pick(facts)
            {
                let key = (facts.session.as_str(), event.time.div_euclid(DAY));
                sessions.entry(key).or_default().push((event.time, picked));
            }
        }
        let range = self.whole_days();
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

    /// The start of the hour of the zone's clocks that an instant is in.
    pub(super) fn hour(&self, time: i64) -> i64 {
        let offset = i64::from(self.tz.to_offset(instant(time)).seconds()) * crate::SECOND;
        (time + offset).div_euclid(HOUR) * HOUR - offset
    }

    /// The day of the zone's calendar that an instant is in.
    pub(super) fn day(&self, time: i64) -> Date {
        self.tz.to_datetime(instant(time)).date()
    }

    fn start(&self, day: Date) -> i64 {
        // Where midnight does not exist, the day starts at the first instant that does.
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
