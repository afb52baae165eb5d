//! A drawing backend for plotters that writes SVG paths.

use std::{convert::Infallible, fmt::Write};

use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};

use crate::style_class::StyleClass;

/// The size of a plot in units. The browser stretches the width to that of the panel, and a unit of height is half a
/// pixel.
pub const WIDTH: i32 = 4000;
pub const HEIGHT: i32 = 400;

/// The length of a tick below the plot, in units.
pub const TICK: i32 = 8;

/// A point of a plot, in units from its upper left corner.
pub type Point = BackendCoord;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A plotters backend that writes marks as paths with CSS classes instead of colours.
///
/// Consecutive marks of the same look become one path, and all positions in it are relative to the one before. It draws
/// no texts: they are outside of the stretched part.
pub struct Paths<'a> {
    out: &'a mut String,
    look: String,
    at: Point,
    /// The classes and the thickness of the last bar.
    bar: (String, u32),
}

impl<'a> Paths<'a> {
    /// Begins to draw at the end of a text.
    pub fn new(out: &'a mut String) -> Self {
        Self {
            out,
            look: String::new(),
            at: (0, 0),
            bar: (String::new(), 0),
        }
    }

    fn trace(&mut self, look: String, points: impl IntoIterator<Item = Point>, end: &str) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else { return };
        if self.look != look {
            self.end();
            let _ = write!(self.out, r#"<path {look} d=""#);
            self.look = look;
            self.at = (0, 0);
        }
        self.out.push('m');
        self.step(first);
        for point in points {
            let (x, y) = self.at;
            match point {
                (same, new) if same == x => {
                    let _ = write!(self.out, "v{}", new - y);
                    self.at = point;
                }
                (new, same) if same == y => {
                    let _ = write!(self.out, "h{}", new - x);
                    self.at = point;
                }
                _ => {
                    self.out.push('l');
                    self.step(point);
                }
            }
        }
        if !end.is_empty() {
            self.out.push_str(end);
            self.at = first;
        }
    }

    fn step(&mut self, (x, y): Point) {
        let (right, down) = (x - self.at.0, y - self.at.1);
        let space = if down < 0 { "" } else { " " };
        let _ = write!(self.out, "{right}{space}{down}");
        self.at = (x, y);
    }

    fn end(&mut self) {
        if !self.look.is_empty() {
            self.out.push_str(r#""/>"#);
        }
    }
}

impl Drop for Paths<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

impl DrawingBackend for Paths<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (WIDTH.unsigned_abs(), (HEIGHT + TICK).unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: Point, color: BackendColor) -> Drawn {
        self.draw_path([point, point], &color)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = Point>>(&mut self, path: I, style: &S) -> Drawn {
        let classes = StyleClass::classes(style.color().rgb);
        let path: Vec<Point> = path.into_iter().collect();
        let look = match style.stroke_width() {
            // A line without a length is drawn as a dot.
            0 | 1 if path.windows(2).all(|pair| pair[0] == pair[1]) => format!(r#"class="dot {classes}""#),
            0 | 1 => format!(r#"class="line {classes}""#),
            thickness => {
                // Rounding makes equal bars differ by a unit. They are one path.
                if self.bar.0 != classes || self.bar.1.abs_diff(thickness) > 1 {
                    self.bar = (classes, thickness);
                }
                format!(r#"class="bar {}" stroke-width="{}""#, self.bar.0, self.bar.1)
            }
        };
        self.trace(look, path, "");
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = Point>>(&mut self, vert: I, style: &S) -> Drawn {
        let look = format!(r#"class="fill {}""#, StyleClass::classes(style.color().rgb));
        self.trace(look, vert, "z");
        Ok(())
    }
}
