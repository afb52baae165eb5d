//! The area that charts draw in, and what all of them draw with: scales, labels and pixels.

use std::convert::Infallible;

use plotters::{
    coord::{Shift, cartesian::Cartesian2d},
    drawing::{DrawingArea, DrawingAreaErrorKind},
    style::{FontDesc, FontFamily, FontStyle, TextStyle},
};
use plotters_backend::text_anchor::{HPos, Pos, VPos};

use crate::{
    axis::{TimeAxis, ValueAxis},
    style_class::StyleClass,
    svg::{SCALE, Svg},
    text,
};

/// The area in which marks over time are drawn.
pub type Plot<'a> = DrawingArea<Svg<'a>, Cartesian2d<TimeAxis, ValueAxis>>;
/// The result of drawing. Writing to a string cannot fail, so the only error is a drawing without room.
pub type DrawResult = Result<(), DrawingAreaErrorKind<Infallible>>;

/// The contents of a vertical axis.
pub struct AxisScale {
    /// The values at the lower and the upper end.
    pub range: (f64, f64),
    /// The values with a label and a grid line.
    pub marks: Vec<(f64, String)>,
}

/// Converts pixels of the drawing to plotters' units.
pub fn px(pixels: f64) -> i32 {
    (pixels * f64::from(SCALE)).round() as i32
}

/// Draws one line of text that is vertically centred at `y`.
pub fn label(
    root: &DrawingArea<Svg<'_>, Shift>,
    text: &str,
    class: StyleClass,
    side: HPos,
    (x, y): (f64, f64),
) -> DrawResult {
    let font = FontDesc::new(FontFamily::SansSerif, text::FONT_SIZE, FontStyle::Normal);
    let colour = class.colour();
    let style = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(side, VPos::Center));
    root.draw_text(text, &style, (px(x), px(y)))
}

/// Converts a point of the drawing to the coordinates of the plot's own area.
pub fn local(plot: &Plot<'_>, (x, y): (i32, i32)) -> (i32, i32) {
    let (left, top) = plot.get_base_pixel();
    (x - left, y - top)
}
