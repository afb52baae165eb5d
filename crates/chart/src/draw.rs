//! The entry point of the crate, which draws a frame as SVG.

use std::fmt::Write;

use jiff::Timestamp;
use lakefront_api::Zone;

use crate::{
    bars,
    frame::Frame,
    lines,
    plot::{AxisScale, Plot},
    svg::{HEIGHT, Paths, WIDTH},
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
const WIDTHS: [(&str, f64); 2] = [("wide", 420.0), ("narrow", 210.0)];

/// Draws a frame as an SVG that the browser stretches to the width of the panel. Texts and lines keep their size.
///
/// Returns an empty text for a ranking, which the caller makes of HTML.
pub fn draw(frame: &Frame, zone: &Zone) -> String {
    match frame {
        Frame::Ranking(_) => String::new(),
        Frame::Time(frame) => over_time(zone, frame.range, &measured(frame), |paths, plot| {
            if frame.stacked {
                bars::paint(paths, plot, frame);
            } else {
                lines::paint(paths, plot, frame);
            }
        }),
        Frame::Heat(frame) => over_time(zone, frame.range, &frame.scale(f64::from(ROOM)), |paths, plot| {
            frame.paint(paths, plot);
        }),
    }
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
    zone: &Zone,
    range: (Timestamp, Timestamp),
    scale: &AxisScale,
    paint: impl FnOnce(&mut Paths<'_>, &Plot),
) -> String {
    let plot = Plot::new(range, scale.range);
    let widths = scale.marks.iter().map(|(_, name)| text::width(name));
    let left = (widths.fold(0.0, f64::max) + APART).ceil();
    let height = TOP + ROOM + BOTTOM;
    // The drawing is hidden from the accessibility tree, because the figure around it has the text alternative.
    let mut out = format!(
        r#"<svg data-plot height="{height}" style="--left:{left}px" aria-hidden="true" focusable="false">"#
    );
    for (value, name) in &scale.marks {
        let middle = f64::from(plot.y(*value)) / 2.0 + f64::from(TOP) + text::DROP;
        let _ = write!(out, r#"<text x="-{APART}" y="{middle:.0}">"#);
        text::escape(name, &mut out);
        out.push_str("</text>");
    }
    let _ = write!(
        out,
        r#"<svg y="{TOP}" height="{ROOM}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">"#
    );
    let across = |value: f64| [(0, plot.y(value)), (WIDTH, plot.y(value))];
    let ticks = WIDTHS.map(|(class, width)| (class, width, time_ticks(range.0, range.1, zone, width)));
    let mut paths = Paths::new(&mut out);
    for &(value, _) in scale.marks.iter().filter(|(value, _)| *value != 0.0) {
        paths.line("line grid", &across(value));
    }
    for (class, _, ticks) in &ticks {
        for tick in ticks {
            let x = plot.x(tick.time);
            paths.line(&format!("line axis {class}"), &[(x, HEIGHT), (x, HEIGHT + 8)]);
        }
    }
    paint(&mut paths, &plot);
    paths.line("line axis", &across(0.0));
    drop(paths);
    out.push_str("</svg>");
    for (class, width, ticks) in &ticks {
        let _ = write!(out, r#"<g class="{class}">"#);
        for tick in ticks {
            let share = plot.share(tick.time);
            let (middle, half) = (share * width, text::width(&tick.label) / 2.0);
            if middle - half >= -left && middle + half <= width + RIGHT {
                let y = height - BOTTOM / 2 + 5;
                let _ = write!(out, r#"<text x="{:.1}%" y="{y}">"#, share * 100.0);
                text::escape(&tick.label, &mut out);
                out.push_str("</text>");
            }
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
    out
}

/// Returns the lowest and the highest drawn value, with zero among them.
fn extent(frame: &TimeFrame) -> (f64, f64) {
    let widen = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
    if frame.stacked {
        bars::sums(frame).into_iter().fold((0.0, 0.0), widen)
    } else {
        let values = frame
            .series
            .iter()
            .flat_map(|series| series.values.iter().flatten());
        values.map(|&value| (value, value)).fold((0.0, 0.0), widen)
    }
}
