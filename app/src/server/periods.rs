//! Chooses the two periods that a panel compares. Both are over and have the same length.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::Range;

/// The bucket of the queries that are compared (`bucket = "quarter"`).
const GRAIN: SignedDuration = SignedDuration::from_mins(15);

/// The share of a range that may be left out at its end without comparing a shorter part of the range.
const NEGLIGIBLE: f64 = 0.005;

/// The periods to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// The period before the range, of the same length.
    pub before: Range,
    /// The part of the range that is compared, or `None` if that is the whole range.
    pub rest: Option<Range>,
}

/// Returns the periods to compare a range with. `data_until` is the time until which there is data.
///
/// The bucket at the end of the data is not complete, so both periods end with the last whole bucket. `None` if the
/// range has no whole bucket.
pub fn periods(range: Range, data_until: Timestamp) -> Option<Periods> {
    let data_ends = range.to.min(data_until);
    let into = data_ends.as_second().rem_euclid(GRAIN.as_secs());
    let whole = Timestamp::from_second(data_ends.as_second() - into).ok()?;
    let length = whole.duration_since(range.from);
    if !length.is_positive() {
        return None;
    }
    let rest = Range {
        from: range.from,
        to: whole,
    };
    let left = data_ends.duration_since(whole).as_secs_f64() / length.as_secs_f64();
    Some(Periods {
        before: Range {
            from: range.from.checked_sub(length).ok()?,
            to: range.from,
        },
        rest: (left > NEGLIGIBLE).then_some(rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> Range {
        Range {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    /// The lengths of both periods, in minutes.
    fn lengths(range: Range, data_until: &str) -> Option<(i64, i64)> {
        let periods = periods(range, data_until.parse().unwrap())?;
        let minutes = |range: Range| range.to.duration_since(range.from).as_mins();
        assert_eq!(periods.before.to, range.from);
        Some((minutes(periods.before), periods.rest.map_or(0, minutes)))
    }

    #[test]
    fn an_unfinished_bucket_is_not_compared() {
        let hour = range("2026-03-24T09:00:00Z", "2026-03-24T10:15:00Z");
        // Five minutes past and ten minutes to: both periods are equally long.
        assert_eq!(lengths(hour, "2026-03-24T10:05:00Z"), Some((60, 60)));
        let hour = range("2026-03-24T08:45:00Z", "2026-03-24T10:00:00Z");
        assert_eq!(lengths(hour, "2026-03-24T09:50:10Z"), Some((60, 60)));
        // An engine that is behind the lake has a shorter period.
        assert_eq!(lengths(hour, "2026-03-24T09:29:59Z"), Some((30, 30)));
    }

    #[test]
    fn a_range_that_is_over_is_compared_as_a_whole() {
        let hour = range("2026-03-24T09:00:00Z", "2026-03-24T10:00:00Z");
        assert_eq!(lengths(hour, "2026-03-25T00:00:00Z"), Some((60, 0)));
        assert_eq!(lengths(hour, "2026-03-24T10:00:00Z"), Some((60, 0)));
    }

    #[test]
    fn a_few_minutes_of_a_week_are_no_question_of_their_own() {
        let week = range("2026-03-17T10:00:00Z", "2026-03-24T10:15:00Z");
        assert_eq!(lengths(week, "2026-03-24T10:14:00Z"), Some((7 * 24 * 60, 0)));
    }

    #[test]
    fn nothing_is_compared_without_a_whole_bucket() {
        let hour = range("2026-03-24T09:00:00Z", "2026-03-24T10:00:00Z");
        assert_eq!(lengths(hour, "2026-03-24T09:14:00Z"), None);
        assert_eq!(lengths(hour, "2026-03-23T00:00:00Z"), None);
    }
}
