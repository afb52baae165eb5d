use std::convert::Infallible;

use lakefront_api::Zone;
use plotters::{
    chart::ChartBuilder,
    coord::Shift,
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

/// Above the plot, half a label; below it, the labels of the time axis.
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;
const RIGHT: f64 = 6.0;
const APART: f64 = 8.0;

type Painted = Result<(), DrawingAreaErrorKind<Infallible>>;

/// Draws a frame as an SVG of a width in pixels; its height follows. Widths below 120 are drawn as 120.
pub fn draw(frame: &Frame, zone: &Zone, width: u32) -> String {
    let width = width.max(120);
    let height = match frame {
        Frame::Time(_) => (width * 3 / 8).clamp(170, 230),
        Frame::Ranking(frame) => frame.height(),
    };
    let mut out = String::new();
    let root = Svg::new(&mut out, (width, height)).into_drawing_area();
    let painted = match frame {
        Frame::Time(frame) => paint_time(&root, frame, zone, (f64::from(width), f64::from(height))),
        Frame::Ranking(frame) => frame.paint(&root, f64::from(width)),
    };
    // Writing to a string cannot fail, and the layout has room from 120 pixels on.
    debug_assert!(painted.is_ok(), "{painted:?}");
    drop(root);
    out
}

fn paint_time(
    root: &DrawingArea<Svg<'_>, Shift>,
    frame: &TimeFrame,
    zone: &Zone,
    (width, height): (f64, f64),
) -> Painted {
    let (low, high) = extent(frame);
    let values = value_ticks(low, high, ((height - TOP - BOTTOM) / 45.0) as usize, frame.whole);
    let names: Vec<_> = values
        .ticks
        .iter()
        .map(|&value| frame.unit.short(value))
        .collect();
    let left = names.iter().map(|name| text::width(name)).fold(0.0, f64::max) + APART;

    let (from, to) = frame.range;
    let chart = ChartBuilder::on(root)
        .margin_left(px(left))
        .margin_right(px(RIGHT))
        .margin_top(px(TOP))
        .margin_bottom(px(BOTTOM))
        .build_cartesian_2d(TimeAxis::new(from, to), ValueAxis { range: values.range })?;
    let plot = chart.plotting_area();

    for (&value, name) in values.ticks.iter().zip(&names) {
        let y = f64::from(plot.map_coordinate(&(0, value)).1) / f64::from(SCALE);
        if value != 0.0 {
            rule(root, Ink::Grid, (left, y), (width - RIGHT, y))?;
        }
        label(root, name, Ink::Label, HPos::Right, (left - APART, y))?;
    }
    let span = width - left - RIGHT;
    for tick in time_ticks(from, to, zone, span) {
        let x = f64::from(plot.map_coordinate(&(tick.time.as_microsecond(), 0.0)).0) / f64::from(SCALE);
        let half = text::width(&tick.label) / 2.0;
        rule(root, Ink::Axis, (x, height - BOTTOM), (x, height - BOTTOM + 4.0))?;
        if x + half <= width && x - half >= 0.0 {
            label(
                root,
                &tick.label,
                Ink::Label,
                HPos::Center,
                (x, height - BOTTOM / 2.0 + 1.0),
            )?;
        }
    }
    if frame.stacked {
        bars::paint(plot, frame)?
    } else {
        lines::paint(plot, frame)?
    }
    let zero = f64::from(plot.map_coordinate(&(0, 0.0)).1) / f64::from(SCALE);
    rule(root, Ink::Axis, (left, zero), (width - RIGHT, zero))
}

/// The lowest and the highest value that is drawn.
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

/// Pixels of the drawing as plotters' units.
pub fn px(pixels: f64) -> i32 {
    (pixels * f64::from(SCALE)).round() as i32
}

/// Draws one line of text, its middle at the given height.
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
