//! The entry point of the crate, which draws a frame as SVG, and the parts that several charts share.

use std::convert::Infallible;

use jiff::Timestamp;
use lakefront_api::Zone;
use plotters::{
    chart::ChartBuilder,
    coord::{Shift, cartesian::Cartesian2d},
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::PathElement,
    style::{Color, FontDesc, FontFamily, FontStyle, TextStyle},
};
use plotters_backend::text_anchor::{HPos, Pos, VPos};

use crate::{
    axis::{TimeAxis, ValueAxis},
    bars,
    frame::Frame,
    ink::Ink,
    lines,
    svg::{SCALE, Svg},
    text,
    time_frame::TimeFrame,
    time_ticks::time_ticks,
    value_ticks::value_ticks,
};

/// Margins in pixels: half a label above the plot, and the labels of the time axis below it.
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;
const RIGHT: f64 = 6.0;
const APART: f64 = 8.0;

/// The area in which marks over time are drawn.
pub type Plot<'a> = DrawingArea<Svg<'a>, Cartesian2d<TimeAxis, ValueAxis>>;
/// The result of drawing.
pub type Painted = Result<(), DrawingAreaErrorKind<Infallible>>;

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

/// The contents of a vertical axis.
pub struct Scale {
    /// The values at the lower and the upper end.
    pub range: (f64, f64),
    /// The values with a label and a grid line.
    pub marks: Vec<(f64, String)>,
}

/// Returns the scale of a frame's values. `room` is the height of the plot in pixels.
fn measured(frame: &TimeFrame, room: f64) -> Scale {
    let (low, high) = extent(frame);
    let values = value_ticks(low, high, (room / 45.0) as usize, frame.whole);
    Scale {
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
    scale: &Scale,
    paint: &dyn Fn(&Plot<'_>) -> Painted,
) -> Painted {
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
            rule(&root, Ink::Grid, (left, y), (right, y))?;
        }
        label(&root, name, Ink::Label, HPos::Right, (left - APART, y))?;
    }
    for tick in time_ticks(from, to, zone, right - left) {
        let x = f64::from(plot.map_coordinate(&(tick.time.as_microsecond(), 0.0)).0) / f64::from(SCALE);
        let half = text::width(&tick.label) / 2.0;
        rule(&root, Ink::Axis, (x, bottom), (x, bottom + 4.0))?;
        if x + half <= width && x - half >= 0.0 {
            let at = (x, height - BOTTOM / 2.0 + 1.0);
            label(&root, &tick.label, Ink::Label, HPos::Center, at)?;
        }
    }
    paint(plot)?;
    let zero = f64::from(plot.map_coordinate(&(0, 0.0)).1) / f64::from(SCALE);
    rule(&root, Ink::Axis, (left, zero), (right, zero))
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

/// Converts pixels of the drawing to plotters' units.
pub fn px(pixels: f64) -> i32 {
    (pixels * f64::from(SCALE)).round() as i32
}

/// Draws one line of text that is vertically centred at `y`.
pub fn label(
    root: &DrawingArea<Svg<'_>, Shift>,
    text: &str,
    ink: Ink,
    side: HPos,
    (x, y): (f64, f64),
) -> Painted {
    let font = FontDesc::new(FontFamily::SansSerif, text::FONT_SIZE, FontStyle::Normal);
    let colour = ink.colour();
    let style = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(side, VPos::Center));
    root.draw_text(text, &style, (px(x), px(y)))
}

fn rule(root: &DrawingArea<Svg<'_>, Shift>, ink: Ink, from: (f64, f64), to: (f64, f64)) -> Painted {
    root.draw(&PathElement::new(
        vec![(px(from.0), px(from.1)), (px(to.0), px(to.1))],
        ink.colour().stroke_width(1),
    ))
}
