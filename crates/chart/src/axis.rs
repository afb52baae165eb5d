//! The axes of a plot over time, as plotters' coordinate ranges.

use std::ops::Range;

use jiff::Timestamp;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};

/// A time axis in microseconds since 1970. It has no key points, because [`crate::draw`] draws the ticks.
pub struct TimeAxis {
    from: i64,
    to: i64,
}

impl TimeAxis {
    /// Creates an axis over a range. An empty range becomes one second.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        let from = from.as_microsecond();
        Self {
            from,
            to: to.as_microsecond().max(from + 1_000_000),
        }
    }
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let share = (*value as f64 - self.from as f64) / (self.to as f64 - self.from as f64);
        position(share, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<i64> {
        Vec::new()
    }

    fn range(&self) -> Range<i64> {
        self.from..self.to
    }
}

/// A linear axis of values.
pub struct ValueAxis {
    /// The first and the last value of the axis.
    pub range: (f64, f64),
}

impl Ranged for ValueAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        position((value - self.range.0) / (self.range.1 - self.range.0), limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        Vec::new()
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

/// Returns the position of a share of the axis between two ends, in units of the plot. A value outside of the axis gets the nearest end.
fn position(share: f64, (from, to): (i32, i32)) -> i32 {
    let share = if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    };
    from + (share * f64::from(to - from)).round() as i32
}
