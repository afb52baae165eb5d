//! The entry point of the crate, which draws a frame as SVG.

use jiff::Timestamp;
use lakefront_api::Zone;
use plotters::{
    chart::ChartBuilder,
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::PathElement,
    style::Color,
};
use plotters_backend::text_anchor::HPos;

use crate::{
    axis::{TimeAxis, ValueAxis},
    bars,
    frame::Frame,
    lines,
    plot::{AxisScale, DrawResult, Plot, label, px},
    style_class::StyleClass,
    svg::{SCALE, Svg},
    text,
    time_frame::TimeFrame,
    time_ticks::time_ticks,
    value_ticks::value_ticks,
};

/// Margins in pixels: half a label above the plot, the labels of the time axis below it, and space at the right end.
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;
const RIGHT: f64 = 6.0;
/// The distance between the labels of the vertical axis and the plot, in pixels.
const APART: f64 = 8.0;

/// Draws a frame as an SVG of a width in pixels. The height follows from the frame. A width below 120 becomes 120.
pub fn draw(frame: &Frame, zone: &Zone, width: u32) -> String {
    let width = width.max(120);
    let size = (width, (width * 3 / 8).clamp(170, 230));
    let room = f64::from(size.1) - TOP - BOTTOM;
    let mut out = String::new();
    let painted = match frame {
        Frame::Ranking(frame) => {
            let root = Svg::new(&mut out, (width, frame.height()), None).into_drawing_area();
            frame.paint(&root, f64::from(width))
        }
        Frame::Time(frame) => over_time(
            &mut out,
            size,
            zone,
            frame.range,
            &measured(frame, room),
            &|plot| {
                if frame.stacked {
                    bars::paint(plot, frame)
                } else {
                    lines::paint(plot, frame)
                }
            },
        ),
        Frame::Heat(frame) => over_time(&mut out, size, zone, frame.range, &frame.scale(room), &|plot| {
            frame.paint(plot)
        }),
    };
    // Writing to a string cannot fail, and the layout has room from 120 pixels on.
    debug_assert!(painted.is_ok(), "{painted:?}");
    out
}

/// Returns the scale of a frame's values. `room` is the height of the plot in pixels.
fn measured(frame: &TimeFrame, room: f64) -> AxisScale {
    let (low, high) = extent(frame);
    let values = value_ticks(low, high, (room / 45.0) as usize, frame.whole);
    AxisScale {
        range: values.range,
        marks: values
            .ticks
            .iter()
            .map(|&value| (value, frame.unit.short(value)))
            .collect(),
    }
}

/// Draws a plot with a time axis and a value axis.
fn over_time(
    out: &mut String,
    size: (u32, u32),
    zone: &Zone,
    (from, to): (Timestamp, Timestamp),
    scale: &AxisScale,
    paint: &dyn Fn(&Plot<'_>) -> DrawResult,
) -> DrawResult {
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let widths = scale.marks.iter().map(|(_, name)| text::width(name));
    // The script in the browser reads the plot's edges back. Whole pixels spare it a parser of fractions, which is ten
    // kilobytes.
    let left = (widths.fold(0.0, f64::max) + APART).ceil();
    let (right, bottom) = (width - RIGHT, height - BOTTOM);
    let root = Svg::new(out, size, Some([left, TOP, right, bottom])).into_drawing_area();
    let chart = ChartBuilder::on(&root)
        .margin_left(px(left))
        .margin_right(px(RIGHT))
        .margin_top(px(TOP))
        .margin_bottom(px(BOTTOM))
        .build_cartesian_2d(TimeAxis::new(from, to), ValueAxis { range: scale.range })?;
    let plot = chart.plotting_area();

    for (value, name) in &scale.marks {
        let y = f64::from(plot.map_coordinate(&(0, *value)).1) / f64::from(SCALE);
        if *value != 0.0 {
            rule(&root, StyleClass::Grid, (left, y), (right, y))?;
        }
        label(&root, name, StyleClass::Label, HPos::Right, (left - APART, y))?;
    }
    for tick in time_ticks(from, to, zone, right - left) {
        let x = f64::from(plot.map_coordinate(&(tick.time.as_microsecond(), 0.0)).0) / f64::from(SCALE);
        let half = text::width(&tick.label) / 2.0;
        rule(&root, StyleClass::Axis, (x, bottom), (x, bottom + 4.0))?;
        if x + half <= width && x - half >= 0.0 {
            let at = (x, height - BOTTOM / 2.0 + 1.0);
            label(&root, &tick.label, StyleClass::Label, HPos::Center, at)?;
        }
    }
    paint(plot)?;
    let zero = f64::from(plot.map_coordinate(&(0, 0.0)).1) / f64::from(SCALE);
    rule(&root, StyleClass::Axis, (left, zero), (right, zero))
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

fn rule(
    root: &DrawingArea<Svg<'_>, Shift>,
    class: StyleClass,
    from: (f64, f64),
    to: (f64, f64),
) -> DrawResult {
    root.draw(&PathElement::new(
        vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))],
        class.colour().stroke_width(1),
    ))
}
