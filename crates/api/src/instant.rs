//! Parses times and days in the form that the wire types use.
//!
//! The parser of `jiff` accepts many more forms and has an error for each, which would be a tenth of the browser's
//! bundle.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};
use serde::{Deserialize, Deserializer, de::Error};

const EXPECTED: &str = "expected a time in UTC such as 2026-03-24T12:00:00Z";

/// Parses a time in UTC, with or without a fraction of a second, such as `2026-03-24T12:00:00.5Z`.
pub fn time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let date = day(date)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let civil = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, nanos).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// Parses a day, such as `2026-03-24`.
pub fn day(text: &str) -> Option<Date> {
    let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
    let mut parts = text.split('-');
    let year = parts.next()?.parse::<i16>().ok()?;
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Date::new(sign * year, month, day).ok()
}

/// Deserializes a required time.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    time(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(EXPECTED))
}

/// Deserializes a time or `null`.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| time(&text).ok_or_else(|| D::Error::custom(EXPECTED)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_library_writes() {
        for text in [
            "2026-03-24T12:03:10Z",
            "1970-01-01T00:00:00.000001Z",
            "1969-12-31T23:59:59.5Z",
        ] {
            assert_eq!(time(text).unwrap(), text.parse::<Timestamp>().unwrap());
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "2026-13-01T00:00:00Z",
            "2026-03-24",
            "2026-03-24T25:00:00Z",
            "2026-03-24T12:00:00.éZ",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
