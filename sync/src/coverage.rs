//! Coverage: computes from which day on a table is complete. Pure functions.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::day;

/// The value of a row of `otel.coverage`: as of a time, all rows from a day on are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The first complete day, or `None` while today is not complete.
    pub first_day: Option<Date>,
    /// The time as of which this is true.
    pub as_of: Timestamp,
}

impl Coverage {
    /// Returns the coverage after a read of the lake at `as_of`.
    ///
    /// `incomplete` are the days that are not complete, and `first_kept` is the first day that the table keeps. While a
    /// covered day is incomplete, the coverage stays as it was: it is still true, as of its time. Incomplete days
    /// before the covered ones do not delay newer ones.
    #[must_use]
    pub fn next(
        before: Option<Self>,
        incomplete: &BTreeSet<Date>,
        as_of: Timestamp,
        first_kept: Date,
        today: Date,
    ) -> Self {
        let last = incomplete.range(first_kept..).next_back().copied();
        let first_day = match last {
            None => Some(first_kept),
            Some(last) if last < today => Some(day::after(last, 1)),
            Some(_) => None,
        };
        match before {
            Some(before) if before.covers_any(incomplete) => before,
            _ => Self { first_day, as_of },
        }
    }

    /// Returns the coverage while `day` is replaced.
    #[must_use]
    pub fn without(self, day: Date, today: Date) -> Self {
        if self.first_day.is_none_or(|first| day < first) {
            return self;
        }
        Self {
            first_day: (day < today).then(|| day::after(day, 1)),
            ..self
        }
    }

    fn covers_any(self, days: &BTreeSet<Date>) -> bool {
        self.first_day
            .is_some_and(|first| days.range(first..).next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 3, 20);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_774_000_000 + minute * 60).expect("a time")
    }

    fn coverage(first_day: Option<i8>, minute: i64) -> Coverage {
        Coverage {
            first_day: first_day.map(|day| date(2026, 3, day)),
            as_of: at(minute),
        }
    }

    fn next(before: Option<Coverage>, incomplete: &[i8]) -> Coverage {
        let incomplete = incomplete.iter().map(|day| date(2026, 3, *day)).collect();
        Coverage::next(before, &incomplete, at(9), date(2026, 3, 2), TODAY)
    }

    #[test]
    fn a_fill_moves_back_day_by_day() {
        assert_eq!(next(None, &[20, 19, 18]), coverage(None, 9));
        assert_eq!(next(Some(coverage(None, 8)), &[19, 18]), coverage(Some(20), 9));
        assert_eq!(next(Some(coverage(Some(20), 8)), &[18]), coverage(Some(19), 9));
        assert_eq!(next(Some(coverage(Some(19), 8)), &[]), coverage(Some(2), 9));
    }

    #[test]
    fn what_is_missing_within_keeps_the_old_statement() {
        let before = coverage(Some(5), 8);
        assert_eq!(next(Some(before), &[20]), before);
        assert_eq!(next(Some(before), &[6, 3]), before);
        assert_eq!(next(Some(before), &[4]), coverage(Some(5), 9));
    }

    #[test]
    fn days_that_are_kept_no_more_do_not_count() {
        assert_eq!(next(None, &[1]), coverage(Some(2), 9));
    }

    #[test]
    fn a_day_ahead_of_time_counts_as_today() {
        assert_eq!(next(None, &[21]), coverage(None, 9));
    }

    #[test]
    fn while_a_day_is_replaced_only_later_ones_are_covered() {
        assert_eq!(
            coverage(Some(5), 8).without(date(2026, 3, 7), TODAY),
            coverage(Some(8), 8)
        );
        assert_eq!(
            coverage(Some(5), 8).without(date(2026, 3, 4), TODAY),
            coverage(Some(5), 8)
        );
        assert_eq!(coverage(Some(5), 8).without(TODAY, TODAY), coverage(None, 8));
    }
}
