//! The units of values, and values as texts for people.

use crate::number::{bytes, compact, count, significant};

/// The unit of a value, which decides how the value is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// A count, or a number without a unit.
    #[default]
    Plain,
    /// Milliseconds.
    Millis,
    /// A share from 0 to 1, written in percent.
    Share,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// Parses the unit of a chart or a column: `ms`, `1`, `By` or empty.
    pub fn parse(text: &str) -> Self {
        match text {
            "ms" => Self::Millis,
            "1" => Self::Share,
            "By" => Self::Bytes,
            _ => Self::Plain,
        }
    }

    /// Formats a value in full, for tables and legends: `1,234`, `1.23 s`, `4.5 %`.
    pub fn full(self, value: f64) -> String {
        match self {
            Self::Plain if value.fract() == 0.0 => count(value),
            Self::Plain => significant(value),
            Self::Millis => millis(value),
            Self::Share => format!("{} %", significant(round(value * 100.0, 1))),
            Self::Bytes => bytes(value),
        }
    }

    /// Formats a value as short as possible, for axes: `12.3 k`, `500 ms`, `40 %`.
    pub fn short(self, value: f64) -> String {
        match self {
            Self::Plain => compact(value),
            Self::Millis => millis(value),
            Self::Share => format!("{} %", significant(value * 100.0)),
            Self::Bytes => bytes(value),
        }
    }

    /// Returns the unit in words, for the heading of a panel.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Millis => "milliseconds",
            Self::Share => "percent",
            Self::Bytes => "bytes",
        }
    }
}

fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

fn millis(value: f64) -> String {
    if value == 0.0 {
        "0 ms".into()
    } else if value.abs() < 1_000.0 {
        format!("{} ms", significant(value))
    } else if value.abs() < 60_000.0 {
        format!("{} s", significant(value / 1_000.0))
    } else {
        format!("{} min", significant(value / 60_000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_by_their_unit() {
        assert_eq!(Unit::Plain.full(1234.0), "1,234");
        assert_eq!(Unit::Plain.full(0.1234), "0.123");
        assert_eq!(Unit::Plain.short(12_345.0), "12.3 k");
        assert_eq!(Unit::Millis.full(0.5), "0.5 ms");
        assert_eq!(Unit::Millis.full(123.4), "123 ms");
        assert_eq!(Unit::Millis.full(1234.0), "1.23 s");
        assert_eq!(Unit::Millis.full(90_000.0), "1.5 min");
        assert_eq!(Unit::Share.full(0.4567), "45.7 %");
        assert_eq!(Unit::Share.full(1.0), "100 %");
        assert_eq!(Unit::Share.short(0.4), "40 %");
        assert_eq!(Unit::parse("By").full(268_435_456.0), "268 MB");
    }
}
