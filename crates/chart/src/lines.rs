//! Lines over time.

use plotters::{
    element::{Circle, PathElement, Polygon},
    style::Color,
};

use crate::{
    downsample::lttb,
    plot::{DrawResult, Plot},
    style_class::{Mark, StyleClass},
    svg::SCALE,
    time_frame::{Series, TimeFrame},
};

/// Draws lines through the middles of the buckets, with breaks at gaps. The part to an incomplete bucket is dashed.
pub fn paint(plot: &Plot<'_>, frame: &TimeFrame) -> DrawResult {
    for series in frame.series.iter().rev() {
        let mark = Mark::new(series.colour, series.measure);
        for run in runs(frame, series) {
            let points: Vec<_> = run.iter().map(|&bucket| point(frame, series, bucket)).collect();
            if frame.series.len() == 1 && points.len() > 1 {
                paint_area(plot, &points, mark)?;
            }
            paint_run(plot, frame, &run, &points, mark)?;
        }
    }
    Ok(())
}

fn paint_run(
    plot: &Plot<'_>,
    frame: &TimeFrame,
    run: &[usize],
    points: &[(i64, f64)],
    mark: Mark,
) -> DrawResult {
    let stroke = |partial| {
        StyleClass::Series(Mark { partial, ..mark })
            .colour()
            .stroke_width(2)
    };
    if let [only] = points {
        let radius = 2 * SCALE;
        return plot.draw(&Circle::new(
            *only,
            radius,
            StyleClass::Series(mark).colour().filled(),
        ));
    }
    // The values of incomplete buckets may still change, so the dashed part begins at the last complete bucket.
    let complete = run.iter().take_while(|&&bucket| !frame.partial(bucket)).count();
    let settled = thinned(plot, &points[..complete]);
    if settled.len() > 1 {
        plot.draw(&PathElement::new(settled, stroke(false)))?;
    }
    let open = &points[complete.saturating_sub(1)..];
    if complete < run.len() && open.len() > 1 {
        plot.draw(&PathElement::new(open.to_vec(), stroke(true)))?;
    }
    Ok(())
}

fn paint_area(plot: &Plot<'_>, points: &[(i64, f64)], mark: Mark) -> DrawResult {
    let mut outline = thinned(plot, points);
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    outline.extend([(last, 0.0), (first, 0.0)]);
    plot.draw(&Polygon::new(
        outline,
        StyleClass::Series(Mark { faint: true, ..mark }).colour().filled(),
    ))
}

/// Downsamples a line to two points per pixel, which is as much as can be seen.
fn thinned(plot: &Plot<'_>, points: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let pixels = plot.dim_in_pixel().0 as usize / SCALE as usize;
    let floats: Vec<_> = points.iter().map(|&(time, value)| (time as f64, value)).collect();
    lttb(&floats, 2 * pixels)
        .into_iter()
        .map(|index| points[index])
        .collect()
}

fn point(frame: &TimeFrame, series: &Series, bucket: usize) -> (i64, f64) {
    let bar = frame.buckets[bucket];
    let (start, end) = (bar.start.as_microsecond(), bar.end.as_microsecond());
    (
        start + (end - start) / 2,
        series.values[bucket].unwrap_or_default(),
    )
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
