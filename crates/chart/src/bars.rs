//! Stacked bars over time.

use plotters::{element::Rectangle, style::Color};

use crate::{
    plot::{DrawResult, Plot, local},
    style_class::{Mark, StyleClass},
    svg::SCALE,
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

/// Draws stacked bars. If several buckets share a pixel, only the highest is drawn.
pub fn paint(plot: &Plot<'_>, frame: &TimeFrame) -> DrawResult {
    let x = |time: jiff::Timestamp| plot.map_coordinate(&(time.as_microsecond(), 0.0)).0;
    let totals = sums(frame);
    let mut columns: Vec<(i32, usize)> = Vec::new();
    for (bucket, bar) in frame.buckets.iter().enumerate() {
        let pixel = x(bar.start) / SCALE;
        match columns.last_mut() {
            Some((last, best)) if *last == pixel => {
                if totals[bucket].1 > totals[*best].1 {
                    *best = bucket;
                }
            }
            _ => columns.push((pixel, bucket)),
        }
    }
    let mut tops = vec![(0.0, 0.0); frame.buckets.len()];
    for series in &frame.series {
        // Complete buckets come first, so that consecutive marks have the same class and become one path.
        for partial in [false, true] {
            let class = StyleClass::Series(Mark {
                partial,
                ..Mark::new(series.colour, 0)
            });
            let drawn = columns.iter().map(|&(_, bucket)| bucket);
            for bucket in drawn.filter(|&bucket| frame.partial(bucket) == partial) {
                let Some(value) = series.values[bucket].filter(|value| *value != 0.0) else {
                    continue;
                };
                let (low, high) = &mut tops[bucket];
                let side = if value < 0.0 { low } else { high };
                let from = *side;
                *side = (from + value).clamp(-LARGEST, LARGEST);
                let y = |value: f64| plot.map_coordinate(&(0, value)).1;
                let (left, right) = edges(x(frame.buckets[bucket].start), x(frame.buckets[bucket].end));
                let (y0, y1) = (y(from).min(y(*side)), y(from).max(y(*side)));
                // A value other than zero is visible, however small.
                let y0 = y0.min(y1 - SCALE / 2);
                plot.strip_coord_spec().draw(&Rectangle::new(
                    [local(plot, (left, y0)), local(plot, (right, y1))],
                    class.colour().filled(),
                ))?;
            }
        }
    }
    Ok(())
}

/// Returns the left and right edge of a bar, in plotters' units (see [`SCALE`]). Wide bars have a gap between them, and no bar is narrower than a pixel.
fn edges(left: i32, right: i32) -> (i32, i32) {
    let width = right - left;
    let gap = if width > 12 * SCALE {
        2 * SCALE
    } else if width > 3 * SCALE {
        SCALE
    } else {
        0
    };
    (left + gap / 2, (right - gap / 2).max(left + SCALE))
}
