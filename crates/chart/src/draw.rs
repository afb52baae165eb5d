//! The entry point of the crate, which draws a frame as SVG.

use std::fmt::Write;

use jiff::Timestamp;
use lakefront_api::Zone;

use crate::{
    bars,
    frame::Frame,
    lines,
    marker::{Marker, labels},
    plot::{AxisScale, DrawResult, Plot},
    style_class::StyleClass,
    svg::{HEIGHT, TICK, WIDTH},
    text,
    time_frame::TimeFrame,
    time_ticks::time_ticks,
    value_ticks::value_ticks,
};

/// The distances of a drawing in pixels: from its top to the plot, the plot's height, and from the plot to the bottom.
const TOP: i32 = 8;
const ROOM: i32 = HEIGHT / 2;
const BOTTOM: i32 = 22;
/// The room for texts to the right of the plot, in pixels.
const RIGHT: f64 = 6.0;
/// The distance between the labels of the vertical axis and the plot, in pixels.
const APART: f64 = 8.0;
/// The widths of a plot for which the times below it are chosen, in pixels. The style sheet shows the times for the
/// narrow one in a panel below 30 rem.
const WIDTHS: [(&str, StyleClass, f64); 2] = [
    ("wide", StyleClass::WideTick, 420.0),
    ("narrow", StyleClass::NarrowTick, 210.0),
];

/// Draws a frame as an SVG that the browser stretches to the width of the panel. Texts and lines keep their size.
///
/// Returns an empty text for a ranking, which the caller makes of HTML.
pub fn draw(frame: &Frame, zone: &Zone) -> String {
    let mut out = String::new();
    let drawn = match frame {
        Frame::Ranking(_) => Ok(()),
        Frame::Time(frame) => over_time(
            &mut out,
            zone,
            (frame.range, &frame.markers),
            &measured(frame),
            &|plot| {
                if frame.stacked {
                    bars::paint(plot, frame)
                } else {
                    lines::paint(plot, frame)
                }
            },
        ),
        Frame::Heat(frame) => {
            let scale = frame.scale(f64::from(ROOM));
            over_time(&mut out, zone, (frame.range, &frame.markers), &scale, &|plot| {
                frame.paint(plot)
            })
        }
    };
    // Writing to a text cannot fail.
    debug_assert!(drawn.is_ok(), "{drawn:?}");
    out
}

/// Returns the scale of a frame's values.
fn measured(frame: &TimeFrame) -> AxisScale {
    let (low, high) = extent(frame);
    let values = value_ticks(low, high, (ROOM / 45) as usize, frame.whole);
    AxisScale {
        range: values.range,
        marks: values
            .ticks
            .iter()
            .map(|&value| (value, frame.unit.short(value)))
            .collect(),
    }
}

/// Draws a plot with a time axis and a value axis. The box of the drawing is that of the plot. The texts of the axes are
/// outside of it, and the style sheet makes room for them.
fn over_time(
    out: &mut String,
    zone: &Zone,
    (range, markers): ((Timestamp, Timestamp), &[Marker]),
    scale: &AxisScale,
    paint: &dyn Fn(&Plot<'_>) -> DrawResult,
) -> DrawResult {
    let widths = scale.marks.iter().map(|(_, name)| text::width(name));
    let left = (widths.fold(0.0, f64::max) + APART).ceil();
    let height = TOP + ROOM + BOTTOM;
    let ticks = WIDTHS.map(|(name, class, width)| {
        let ticks = time_ticks(range.0, range.1, zone, width);
        (name, class, width, ticks)
    });
    let mut paths = String::new();
    let mut names = String::new();
    let mut times = String::new();
    {
        let plot = Plot::new(&mut paths, range, scale.range);
        for (value, name) in &scale.marks {
            let y = plot.y(*value);
            let middle = f64::from(y) / 2.0 + f64::from(TOP) + text::DROP;
            let _ = write!(names, r#"<text x="-{APART}" y="{middle:.0}">"#);
            text::escape(name, &mut names);
            names.push_str("</text>");
            if *value != 0.0 {
                plot.line(StyleClass::Grid, vec![(0, y), (WIDTH, y)])?;
            }
        }
        for (name, class, width, ticks) in &ticks {
            let _ = write!(times, r#"<g class="{name}">"#);
            for tick in ticks {
                let x = plot.x(tick.time);
                plot.line(*class, vec![(x, HEIGHT), (x, HEIGHT + TICK)])?;
                let share = plot.share(tick.time);
                let (middle, half) = (share * width, text::width(&tick.label) / 2.0);
                if middle - half >= -left && middle + half <= width + RIGHT {
                    let y = height - BOTTOM / 2 + 5;
                    let _ = write!(times, r#"<text x="{:.1}%" y="{y}">"#, share * 100.0);
                    text::escape(&tick.label, &mut times);
                    times.push_str("</text>");
                }
            }
            for label in labels(markers, *width, |marker| plot.share(marker.time)) {
                let (y, at) = (TOP + 9, label.share * 100.0);
                let (class, dx) = if label.is_before {
                    ("marker end", -3)
                } else {
                    ("marker", 3)
                };
                let _ = write!(times, r#"<text class="{class}" x="{at:.1}%" dx="{dx}" y="{y}">"#);
                text::escape(&label.text, &mut times);
                times.push_str("</text>");
            }
            times.push_str("</g>");
        }
        paint(&plot)?;
        for marker in markers {
            let x = plot.x(marker.time);
            plot.line(StyleClass::Marker, vec![(x, 0), (x, HEIGHT)])?;
        }
        let zero = plot.y(0.0);
        plot.line(StyleClass::Axis, vec![(0, zero), (WIDTH, zero)])?;
    }
    // The drawing is hidden from the accessibility tree, because the figure around it has the text alternative.
    let _ = write!(
        out,
        r#"<svg data-plot height="{height}" style="--left:{left}px" aria-hidden="true" focusable="false">{names}<svg y="{TOP}" height="{ROOM}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{paths}</svg>{times}</svg>"#
    );
    Ok(())
}

/// Returns the lowest and the highest drawn value, with zero among them.
fn extent(frame: &TimeFrame) -> (f64, f64) {
    let widen = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
    let before = frame.before.as_ref().map_or((0.0, 0.0), |before| extent(before));
    if frame.stacked {
        bars::sums(frame).into_iter().fold(before, widen)
    } else {
        let values = frame
            .series
            .iter()
            .flat_map(|series| series.values.iter().flatten());
        values.map(|&value| (value, value)).fold(before, widen)
    }
}
