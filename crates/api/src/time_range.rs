//! The time range of a request: a preset span up to now, or two instants.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// The time range of a query: a span that ends now, or two instants (half-open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TimeRange {
    /// A span up to now, such as `"7d"`.
    Preset(Preset),
    /// Two instants, `{"from": …, "to": …}`: from inclusive, to exclusive.
    Absolute {
        /// The first instant inside the range.
        from: Timestamp,
        /// The first instant after the range.
        to: Timestamp,
    },
}

impl TimeRange {
    /// The longest range that may be requested. Moving its ends outward to whole buckets may add to it.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::Preset(Preset::D7)
    }
}

/// Not derived: for an untagged enum, serde only reports that no variant fits.
impl<'de> Deserialize<'de> for TimeRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            from: Timestamp,
            to: Timestamp,
        }

        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = TimeRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TimeRange, E> {
                text.parse().map(TimeRange::Preset).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TimeRange, A::Error> {
                let Ends { from, to } = Ends::deserialize(MapAccessDeserializer::new(map))?;
                Ok(TimeRange::Absolute { from, to })
            }
        }
        deserializer.deserialize_any(Read)
    }
}

const EXPECTED: &str = "a number of m, h, d or w such as \"2h\", or an object with from and to";

/// A span that ends now: a number of minutes, hours, days or weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Preset {
    amount: u16,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

impl Unit {
    const ALL: [(Self, char, i64); 4] = [
        (Self::Minutes, 'm', 1),
        (Self::Hours, 'h', 60),
        (Self::Days, 'd', 24 * 60),
        (Self::Weeks, 'w', 7 * 24 * 60),
    ];

    /// Returns the unit's letter and its length in minutes.
    fn parts(self) -> (char, i64) {
        let of = Self::ALL.iter().find(|(unit, ..)| *unit == self);
        of.map_or(('m', 1), |&(_, letter, minutes)| (letter, minutes))
    }
}

impl Preset {
    /// 15 minutes.
    pub const M15: Self = Self::new(15, Unit::Minutes);
    /// 1 hour.
    pub const H1: Self = Self::new(1, Unit::Hours);
    /// 6 hours.
    pub const H6: Self = Self::new(6, Unit::Hours);
    /// 24 hours.
    pub const H24: Self = Self::new(24, Unit::Hours);
    /// 7 days.
    pub const D7: Self = Self::new(7, Unit::Days);
    /// 30 days.
    pub const D30: Self = Self::new(30, Unit::Days);
    /// 90 days.
    pub const D90: Self = Self::new(90, Unit::Days);
    /// 180 days.
    pub const D180: Self = Self::new(180, Unit::Days);

    /// The spans that the dashboard offers, shortest first.
    pub const ALL: [Self; 8] = [
        Self::M15,
        Self::H1,
        Self::H6,
        Self::H24,
        Self::D7,
        Self::D30,
        Self::D90,
        Self::D180,
    ];

    const fn new(amount: u16, unit: Unit) -> Self {
        Self { amount, unit }
    }

    /// Returns the name on the wire and in the URL, such as `15m`.
    pub fn name(self) -> String {
        format!("{}{}", self.amount, self.unit.parts().0)
    }

    /// Returns a span of twice the length, if there is one.
    pub fn doubled(self) -> Option<Self> {
        Some(Self::new(self.amount.checked_mul(2)?, self.unit))
    }

    /// Returns the length of the span. A day is 24 hours.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.amount) * self.unit.parts().1)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = Unit::ALL
            .iter()
            .find_map(|&(unit, letter, _)| Some((unit, text.strip_suffix(letter)?)));
        unit.filter(|(_, amount)| amount.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|(unit, amount)| Some(Self::new(amount.parse().ok()?, unit)))
            .filter(|preset| preset.amount > 0)
            .ok_or_else(|| format!("expected {EXPECTED}"))
    }
}

impl TryFrom<String> for Preset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Preset> for String {
    fn from(preset: Preset) -> Self {
        preset.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<TimeRange, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn any_number_of_minutes_hours_days_and_weeks() {
        for (name, minutes) in [
            ("1m", 1),
            ("2h", 120),
            ("24h", 1440),
            ("3d", 4320),
            ("52w", 524_160),
        ] {
            let Ok(TimeRange::Preset(preset)) = read(&format!("\"{name}\"")) else {
                panic!("{name}")
            };
            assert_eq!(preset.duration(), SignedDuration::from_mins(minutes));
            assert_eq!(preset.name(), name);
        }
    }

    #[test]
    fn what_is_no_range_is_told_which_there_are() {
        for json in [
            r#""0h""#,
            r#""h""#,
            r#""2y""#,
            r#""2""#,
            r#""+2h""#,
            r#""-2h""#,
            r#""99999d""#,
            r#""""#,
            "2",
            "null",
            "[]",
        ] {
            let error = read(json).unwrap_err();
            assert!(
                error.contains("a number of m, h, d or w such as \"2h\""),
                "{json}: {error}"
            );
        }
        let error = read(r#"{"from": "2026-03-24T00:00:00Z"}"#).unwrap_err();
        assert!(error.contains("missing field `to`"), "{error}");
        let error = read(r#"{"from": "noon", "to": "2026-03-24T00:00:00Z"}"#).unwrap_err();
        assert!(error.contains("failed to parse"), "{error}");
    }

    #[test]
    fn what_is_written_is_read() {
        for json in [
            r#""180d""#,
            r#"{"from":"2026-03-24T00:00:00Z","to":"2026-03-24T12:00:00.5Z"}"#,
        ] {
            assert_eq!(serde_json::to_string(&read(json).unwrap()).unwrap(), json);
        }
    }
}
