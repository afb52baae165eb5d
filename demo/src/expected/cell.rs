//! The values of an expected answer.

use jiff::civil::Date;

/// A row of an expected answer.
pub type Row = Vec<Cell>;

/// A value of an expected answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Count(u64),
    /// A share from 0 to 1, or another floating-point number.
    Share(f64),
    /// A quantile. An engine may differ from it by 1 %.
    Quantile(f64),
    /// An instant, in microseconds since 1970.
    Time(i64),
    Day(Date),
    /// The counts in equal parts of the range.
    Trend(Vec<u64>),
    /// Null: the share or the quantile of no samples.
    Nothing,
    /// A value that the events do not determine, such as a row id. Any value matches.
    Any,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

/// Returns the share of a part in a whole, or [`Cell::Nothing`] if the whole is zero.
pub(super) fn share(part: usize, whole: usize) -> Cell {
    if whole == 0 {
        Cell::Nothing
    } else {
        Cell::Share(part as f64 / whole as f64)
    }
}

/// Returns the quantile `q` of the samples: the sample at rank ⌊q(n−1)⌋. Sorts the samples.
pub(super) fn quantile(samples: &mut [f64], q: f64) -> Cell {
    samples.sort_by(f64::total_cmp);
    let rank = q * samples.len().saturating_sub(1) as f64;
    samples
        .get(rank as usize)
        .map_or(Cell::Nothing, |sample| Cell::Quantile(*sample))
}
