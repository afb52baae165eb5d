//! The columns of a drawing over time.

use crate::{
    plot::{NARROWEST, Plot},
    time_frame::Bar,
};

/// Consecutive buckets that are drawn at one place.
pub struct Column {
    /// The horizontal position of the left edge, in units.
    pub left: i32,
    /// The horizontal position of the right edge, in units.
    pub right: i32,
    /// The indices of the buckets: the first, and the first that is not in the column.
    pub buckets: (usize, usize),
}

/// Returns a column for each bucket. If all buckets are narrower than [`NARROWEST`], the columns have that width, and each has
/// the buckets that begin in it.
pub fn columns(plot: &Plot<'_>, buckets: &[Bar]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let edges = |bar: &Bar| (plot.x(bar.start), plot.x(bar.end));
    let mut widths = buckets.iter().map(edges).map(|(left, right)| right - left);
    let is_narrow = widths.all(|width| width < NARROWEST);
    for (index, bar) in buckets.iter().enumerate() {
        let (mut left, mut right) = edges(bar);
        if is_narrow {
            left -= left % NARROWEST;
            right = left + NARROWEST;
        }
        match columns.last_mut() {
            Some(column) if is_narrow && column.left == left => column.buckets.1 = index + 1,
            _ => columns.push(Column {
                left,
                right,
                buckets: (index, index + 1),
            }),
        }
    }
    columns
}
