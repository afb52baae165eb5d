//! UTC days, converted between the forms of the lake and of ClickHouse.

use jiff::civil::Date;
use jiff::{Span, Timestamp, tz::TimeZone};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Returns the UTC day of a time.
pub fn of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// Returns the day that is `days` later, or earlier if `days` is negative.
pub fn after(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// Returns the days since 1970-01-01, as ClickHouse's `Date` stores them. Returns `None` for a day before 1970 or after
/// 2149-06-06.
pub fn to_clickhouse(day: Date) -> Option<u16> {
    let span = day.since(EPOCH).ok()?;
    u16::try_from(span.get_days()).ok()
}

/// Returns the day of a stored `Date`: `days` days after 1970-01-01.
pub fn from_clickhouse(days: u16) -> Date {
    after(EPOCH, i32::from(days))
}

/// Returns the partition id of a day: `20260301`.
pub fn partition_id(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_travel_both_ways() {
        for day in [date(1970, 1, 1), date(2026, 3, 1), date(2149, 6, 6)] {
            let days = to_clickhouse(day).expect("it can be held");
            assert_eq!(from_clickhouse(days), day);
        }
        assert_eq!(to_clickhouse(date(1969, 12, 31)), None);
        assert_eq!(to_clickhouse(date(2149, 6, 7)), None);
        assert_eq!(partition_id(date(2026, 3, 1)), "20260301");
        assert_eq!(after(date(2026, 3, 1), -1), date(2026, 2, 28));
    }
}
