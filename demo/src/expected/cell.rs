use jiff::civil::Date;

/// A row of an answer.
pub type Row = Vec<Cell>;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A share from 0 to 1.
    Share(f64),
    /// A quantile, which an engine may miss by 1 %.
    Quantile(f64),
    /// An instant, in microseconds since 1970.
    Time(i64),
    /// A day.
    Day(Date),
    /// Counts in equal parts of the range.
    Trend(Vec<u64>),
    /// Nothing: the share or the quantile of none.
    Nothing,
    /// Something that only the lake knows.
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

/// A part of a whole.
pub(super) fn share(part: usize, whole: usize) -> Cell {
    if whole == 0 {
        Cell::Nothing
    } else {
        Cell::Share(part as f64 / whole as f64)
    }
}

/// The sample at rank ⌊q(n−1)⌋.
pub(super) fn quantile(samples: &mut [f64], q: f64) -> Cell {
    samples.sort_by(f64::total_cmp);
    let rank = q * samples.len().saturating_sub(1) as f64;
    samples
        .get(rank as usize)
        .map_or(Cell::Nothing, |sample| Cell::Quantile(*sample))
}
