//! UTC days, in the forms of the lake and of ClickHouse.

use jiff::civil::Date;
use jiff::{Span, Timestamp, tz::TimeZone};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The UTC day of a time.
pub fn of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// So many days later, or before when negative.
pub fn after(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// Days since 1970, as `Date` in ClickHouse holds them; none for what it can't hold (before 1970, after June 2149).
pub fn to_clickhouse(day: Date) -> Option<u16> {
    let span = day.since(EPOCH).ok()?;
    u16::try_from(span.get_days()).ok()
}

/// The day that ClickHouse's `Date` holds.
pub fn from_clickhouse(days: u16) -> Date {
    after(EPOCH, i32::from(days))
}

/// The id of a day's partition: `20260301`.
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
