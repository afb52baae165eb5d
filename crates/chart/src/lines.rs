//! Lines over time.

use crate::{
    downsample::lttb,
    plot::{DrawResult, NARROWEST, Plot},
    style_class::{Mark, StyleClass},
    svg::Point,
    time_frame::{Series, TimeFrame},
};

/// Draws lines through the middles of the buckets, with breaks at gaps. The part to an incomplete bucket is dashed.
pub fn paint(plot: &Plot<'_>, frame: &TimeFrame) -> DrawResult {
    if let Some(before) = &frame.before {
        paint_before(plot, before)?;
    }
    for series in frame.series.iter().rev() {
        let mark = Mark::new(series.colour, series.measure);
        for run in runs(frame, series) {
            let points: Vec<_> = run
                .iter()
                .map(|&bucket| point(plot, frame, series, bucket))
                .collect();
            if frame.series.len() == 1 && points.len() > 1 {
                paint_area(plot, &points, mark)?;
            }
            paint_run(plot, frame, &run, &points, mark)?;
        }
    }
    Ok(())
}

/// Draws the lines of the period before.
fn paint_before(plot: &Plot<'_>, before: &TimeFrame) -> DrawResult {
    for series in &before.series {
        let class = StyleClass::Series(Mark {
            before: true,
            ..Mark::new(series.colour, 0)
        });
        for run in runs(before, series) {
            let points: Vec<_> = run
                .iter()
                .map(|&bucket| point(plot, before, series, bucket))
                .collect();
            match points.as_slice() {
                [only] => plot.line(class, vec![*only, *only])?,
                points => plot.line(class, thinned(points))?,
            }
        }
    }
    Ok(())
}

fn paint_run(plot: &Plot<'_>, frame: &TimeFrame, run: &[usize], points: &[Point], mark: Mark) -> DrawResult {
    let class = |partial| StyleClass::Series(Mark { partial, ..mark });
    if let [only] = points {
        return plot.line(class(false), vec![*only, *only]);
    }
    // The values of incomplete buckets may still change, so the dashed part begins at the last complete bucket.
    let complete = run.iter().take_while(|&&bucket| !frame.partial(bucket)).count();
    let settled = thinned(&points[..complete]);
    if settled.len() > 1 {
        plot.line(class(false), settled)?;
    }
    let open = thinned(&points[complete.saturating_sub(1)..]);
    if complete < run.len() && open.len() > 1 {
        plot.line(class(true), open)?;
    }
    Ok(())
}

fn paint_area(plot: &Plot<'_>, points: &[Point], mark: Mark) -> DrawResult {
    let mut outline = thinned(points);
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    outline.extend([(last, plot.y(0.0)), (first, plot.y(0.0))]);
    plot.area(StyleClass::Series(Mark { faint: true, ..mark }), outline)
}

/// Downsamples a line to about one point for each [`NARROWEST`] column of its own width.
fn thinned(points: &[Point]) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let most = ((last.0 - first.0) / NARROWEST).max(3) as usize;
    let floats: Vec<_> = points
        .iter()
        .map(|&(x, y)| (f64::from(x), f64::from(y)))
        .collect();
    lttb(&floats, most)
        .into_iter()
        .map(|index| points[index])
        .collect()
}

fn point(plot: &Plot<'_>, frame: &TimeFrame, series: &Series, bucket: usize) -> Point {
    let bar = frame.buckets[bucket];
    let middle = i32::midpoint(plot.x(bar.start), plot.x(bar.end));
    (middle, plot.y(series.values[bucket].unwrap_or_default()))
}

/// Returns the runs of consecutive buckets for which a series has values.
fn runs(frame: &TimeFrame, series: &Series) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for bucket in (0..frame.buckets.len()).filter(|&bucket| series.values[bucket].is_some()) {
        match runs.last_mut() {
            Some(run) if run.last() == Some(&(bucket.wrapping_sub(1))) && frame.follows(bucket) => {
                run.push(bucket)
            }
            _ => runs.push(vec![bucket]),
        }
    }
    runs
}
