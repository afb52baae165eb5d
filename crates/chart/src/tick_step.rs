//! The steps between ticks of a time axis.

use jiff::civil::{Date, DateTime, Weekday};

/// A step between two ticks of a time axis, in civil time of the viewer's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TickStep {
    /// A number of minutes that divides an hour.
    Minutes(i8),
    /// A number of hours that divides a day.
    Hours(i8),
    /// A number of days, counted from 1970.
    Days(i32),
    /// One week, from Monday.
    Weeks,
    /// A number of months that divides a year.
    Months(i8),
    /// A number of years.
    Years(i16),
}

impl TickStep {
    /// Every step, shortest first.
    pub const ALL: [Self; 24] = [
        Self::Minutes(1),
        Self::Minutes(2),
        Self::Minutes(5),
        Self::Minutes(10),
        Self::Minutes(15),
        Self::Minutes(30),
        Self::Hours(1),
        Self::Hours(2),
        Self::Hours(3),
        Self::Hours(6),
        Self::Hours(12),
        Self::Days(1),
        Self::Days(2),
        Self::Weeks,
        Self::Months(1),
        Self::Months(3),
        Self::Months(6),
        Self::Years(1),
        Self::Years(2),
        Self::Years(5),
        Self::Years(10),
        Self::Years(50),
        Self::Years(500),
        Self::Years(5000),
    ];

    /// Returns the approximate length in seconds.
    pub fn seconds(self) -> f64 {
        const DAY: f64 = 86_400.0;
        match self {
            Self::Minutes(n) => f64::from(n) * 60.0,
            Self::Hours(n) => f64::from(n) * 3_600.0,
            Self::Days(n) => f64::from(n) * DAY,
            Self::Weeks => 7.0 * DAY,
            Self::Months(n) => f64::from(n) * 30.4 * DAY,
            Self::Years(n) => f64::from(n) * 365.2 * DAY,
        }
    }

    /// Returns the last tick at or before a civil time.
    pub fn floor(self, time: DateTime) -> Option<DateTime> {
        let date = time.date();
        let floored = match self {
            Self::Minutes(n) => return Some(date.at(time.hour(), time.minute() / n * n, 0, 0)),
            Self::Hours(n) => return Some(date.at(time.hour() / n * n, 0, 0, 0)),
            Self::Days(n) => {
                let epoch = Date::constant(1970, 1, 1);
                let days = (date.duration_since(epoch).as_hours() / 24) as i32;
                days_before(date, days.rem_euclid(n))?
            }
            Self::Weeks => days_before(date, date.weekday().since(Weekday::Monday).into())?,
            Self::Months(n) => Date::new(date.year(), (date.month() - 1) / n * n + 1, 1).ok()?,
            Self::Years(n) => Date::new(date.year().div_euclid(n) * n, 1, 1).ok()?,
        };
        Some(floored.at(0, 0, 0, 0))
    }

    /// Returns the tick after a tick, or `None` past the last supported year.
    ///
    /// The steps are computed on the calendar. The general spans of `jiff` would be the largest part of this crate in
    /// the browser.
    pub fn next(self, tick: DateTime) -> Option<DateTime> {
        let date = match self {
            Self::Minutes(n) => return minutes_after(tick, n.into()),
            Self::Hours(n) => return minutes_after(tick, i32::from(n) * 60),
            Self::Days(n) => days_after(tick.date(), n)?,
            Self::Weeks => days_after(tick.date(), 7)?,
            Self::Months(n) => {
                let months = i32::from(tick.month()) - 1 + i32::from(n);
                let year = i32::from(tick.year()) + months / 12;
                Date::new(i16::try_from(year).ok()?, (months % 12) as i8 + 1, 1).ok()?
            }
            Self::Years(n) => Date::new(tick.year().checked_add(n)?, 1, 1).ok()?,
        };
        Some(date.at(0, 0, 0, 0))
    }

    /// Returns true if the step is shorter than a day.
    pub fn within_day(self) -> bool {
        matches!(self, Self::Minutes(_) | Self::Hours(_))
    }
}

fn minutes_after(time: DateTime, minutes: i32) -> Option<DateTime> {
    let minutes = i32::from(time.hour()) * 60 + i32::from(time.minute()) + minutes;
    let date = days_after(time.date(), minutes / 1_440)?;
    Some(date.at((minutes % 1_440 / 60) as i8, (minutes % 60) as i8, 0, 0))
}

fn days_after(date: Date, days: i32) -> Option<Date> {
    (0..days).try_fold(date, |date, _| date.tomorrow().ok())
}

fn days_before(date: Date, days: i32) -> Option<Date> {
    (0..days).try_fold(date, |date, _| date.yesterday().ok())
}
