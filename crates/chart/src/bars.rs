//! Stacked bars over time.

use crate::{
    columns::{Column, columns},
    plot::{DrawResult, Plot},
    style_class::{COLOURS, Mark, StyleClass},
    svg::Point,
    time_frame::TimeFrame,
    value_ticks::LARGEST,
};

/// Returns the sums of the negative and of the positive values of each bucket.
pub fn sums(frame: &TimeFrame) -> Vec<(f64, f64)> {
    let values = |bucket: usize| {
        frame
            .series
            .iter()
            .filter_map(move |series| series.values[bucket])
    };
    let sum = |bucket: usize| {
        values(bucket).fold((0.0, 0.0), |(low, high): (f64, f64), value| {
            if value < 0.0 {
                ((low + value).max(-LARGEST), high)
            } else {
                (low, (high + value).min(LARGEST))
            }
        })
    };
    (0..frame.buckets.len()).map(sum).collect()
}

/// Draws stacked bars. If several buckets share a column, the highest is drawn.
pub fn paint(plot: &Plot<'_>, frame: &TimeFrame) -> DrawResult {
    let totals = sums(frame);
    let highest = |&Column { buckets, .. }: &Column| {
        (buckets.0..buckets.1).max_by(|&a, &b| totals[a].1.total_cmp(&totals[b].1))
    };
    let columns = columns(plot, &frame.buckets);
    let drawn: Vec<_> = columns
        .iter()
        .filter_map(|column| Some((column, highest(column)?)))
        .collect();
    let widest = columns.iter().map(|column| column.right - column.left).max();
    let gap = match widest {
        Some(76..) => 12,
        Some(20..) => 6,
        _ => 0,
    };
    let mut tops = vec![(0.0, 0.0); frame.buckets.len()];
    for series in &frame.series {
        // Complete buckets come first, so that consecutive marks have the same class and become one path.
        for partial in [false, true] {
            let class = StyleClass::Series(Mark {
                partial,
                ..Mark::new(series.colour, 0)
            });
            for &(column, bucket) in drawn
                .iter()
                .filter(|(_, bucket)| frame.partial(*bucket) == partial)
            {
                let Some(value) = series.values[bucket].filter(|value| *value != 0.0) else {
                    continue;
                };
                let (low, high) = &mut tops[bucket];
                let side = if value < 0.0 { low } else { high };
                let from = *side;
                *side = (from + value).clamp(-LARGEST, LARGEST);
                let (bottom, top) = (plot.y(from).max(plot.y(*side)), plot.y(from).min(plot.y(*side)));
                // A value other than zero is visible, however small.
                let top = top.min(bottom - 1);
                let (left, right) = edges(column, gap);
                if partial {
                    let outline = vec![(left, bottom), (right, bottom), (right, top), (left, top)];
                    plot.area(class, outline)?;
                } else {
                    let middle = i32::midpoint(left, right);
                    plot.bar(class, right - left, (middle, bottom), (middle, top))?;
                }
            }
        }
    }
    match &frame.before {
        Some(before) => paint_before(plot, before),
        None => Ok(()),
    }
}

/// Draws the outline of the bars of the period before.
fn paint_before(plot: &Plot<'_>, before: &TimeFrame) -> DrawResult {
    let class = StyleClass::Series(Mark {
        before: true,
        ..Mark::new(COLOURS, 0)
    });
    let totals = sums(before);
    let zero = plot.y(0.0);
    let mut outline: Vec<Point> = Vec::new();
    for Column { left, right, buckets } in columns(plot, &before.buckets) {
        let total = totals[buckets.0..buckets.1]
            .iter()
            .map(|total| total.1)
            .fold(0.0, f64::max);
        // A bucket without rows has nothing to outline.
        if let Some(&(end, _)) = outline.last()
            && end < left
        {
            outline.extend([(end, zero), (left, zero)]);
        }
        outline.extend([(left, plot.y(total)), (right, plot.y(total))]);
    }
    let (Some(&(first, _)), Some(&(last, _))) = (outline.first(), outline.last()) else {
        return Ok(());
    };
    outline.insert(0, (first, zero));
    outline.push((last, zero));
    plot.line(class, outline)
}

/// Returns the left and right edge of a bar between two gaps.
fn edges(column: &Column, gap: i32) -> (i32, i32) {
    let left = column.left + gap / 2;
    (left, (column.right - gap / 2).max(left + 6))
}
