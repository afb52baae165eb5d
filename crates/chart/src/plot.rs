//! The area that charts draw in: the scales of its two axes.

use std::convert::Infallible;

use jiff::Timestamp;
use plotters::{
    coord::{Shift, cartesian::Cartesian2d},
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{PathElement, Polygon},
    style::Color,
};

use crate::{
    axis::{TimeAxis, ValueAxis},
    style_class::StyleClass,
    svg::{HEIGHT, Paths, Point, WIDTH},
};

/// The result of drawing. Writing to a text cannot fail.
pub type DrawResult = Result<(), DrawingAreaErrorKind<Infallible>>;

/// The least width of a column, in units of a plot. Columns that are narrower can hardly be told apart, and each makes
/// the page larger.
pub const NARROWEST: i32 = 20;

/// The contents of a vertical axis.
pub struct AxisScale {
    /// The values at the lower and the upper end.
    pub range: (f64, f64),
    /// The values with a label and a grid line.
    pub marks: Vec<(f64, String)>,
}

/// A plot over time. It converts times and values to positions and draws marks. A position outside of it becomes the
/// nearest end.
pub struct Plot<'a> {
    scales: DrawingArea<Paths<'a>, Cartesian2d<TimeAxis, ValueAxis>>,
    marks: DrawingArea<Paths<'a>, Shift>,
}

impl<'a> Plot<'a> {
    /// Creates the plot of a range of time and a range of values, which is drawn at the end of a text.
    #[expect(clippy::reversed_empty_ranges, reason = "the vertical axis points upwards")]
    pub fn new(out: &'a mut String, (from, to): (Timestamp, Timestamp), values: (f64, f64)) -> Self {
        let marks = Paths::new(out).into_drawing_area();
        let axes = (TimeAxis::new(from, to), ValueAxis { range: values });
        let scales = marks.apply_coord_spec(Cartesian2d::new(axes.0, axes.1, (0..WIDTH, HEIGHT..0)));
        Self { scales, marks }
    }

    /// Returns the horizontal position of a time.
    pub fn x(&self, time: Timestamp) -> i32 {
        self.scales.map_coordinate(&(time.as_microsecond(), 0.0)).0
    }

    /// Returns the share of the width, from 0 to 1, that lies before a time.
    pub fn share(&self, time: Timestamp) -> f64 {
        f64::from(self.x(time)) / f64::from(WIDTH)
    }

    /// Returns the vertical position of a value.
    pub fn y(&self, value: f64) -> i32 {
        self.scales.map_coordinate(&(0, value)).1
    }

    /// Draws a line through points. A line without a length is a dot.
    pub fn line(&self, class: StyleClass, points: Vec<Point>) -> DrawResult {
        self.marks
            .draw(&PathElement::new(points, class.colour().stroke_width(1)))
    }

    /// Draws a thick line. It is shorter than a rectangle, which takes four sides.
    pub fn bar(&self, class: StyleClass, thickness: i32, from: Point, to: Point) -> DrawResult {
        let style = class.colour().stroke_width(thickness.unsigned_abs().max(2));
        self.marks.draw(&PathElement::new(vec![from, to], style))
    }

    /// Fills the area inside of points.
    pub fn area(&self, class: StyleClass, points: Vec<Point>) -> DrawResult {
        self.marks.draw(&Polygon::new(points, class.colour().filled()))
    }
}
