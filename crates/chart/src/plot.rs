//! The area that charts draw in: the scales of its two axes.

use jiff::Timestamp;

use crate::svg::{HEIGHT, WIDTH};

/// The least width of a column, in units of a plot. Columns that are narrower can hardly be told apart, and each makes
/// the page larger.
pub const NARROWEST: i32 = 20;

/// The contents of a vertical axis.
pub struct AxisScale {
    /// The values at the lower and the upper end.
    pub range: (f64, f64),
    /// The values with a label and a grid line.
    pub marks: Vec<(f64, String)>,
}

/// Converts times and values to positions in a plot. A position outside of it becomes the nearest end.
pub struct Plot {
    from: i64,
    to: i64,
    values: (f64, f64),
}

impl Plot {
    /// Creates the plot of a range of time and a range of values. An empty range of time becomes one second.
    pub fn new((from, to): (Timestamp, Timestamp), values: (f64, f64)) -> Self {
        let from = from.as_microsecond();
        Self {
            from,
            to: to.as_microsecond().max(from + 1_000_000),
            values,
        }
    }

    /// Returns the share of the width, from 0 to 1, that lies before a time.
    pub fn share(&self, time: Timestamp) -> f64 {
        share(time.as_microsecond() as f64, (self.from as f64, self.to as f64))
    }

    /// Returns the horizontal position of a time.
    pub fn x(&self, time: Timestamp) -> i32 {
        (self.share(time) * f64::from(WIDTH)).round() as i32
    }

    /// Returns the vertical position of a value.
    pub fn y(&self, value: f64) -> i32 {
        ((1.0 - share(value, self.values)) * f64::from(HEIGHT)).round() as i32
    }
}

fn share(value: f64, (from, to): (f64, f64)) -> f64 {
    let share = (value - from) / (to - from);
    if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    }
}
