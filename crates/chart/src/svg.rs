//! The drawing of marks as SVG paths.

use std::fmt::Write;

use crate::style_class::Mark;

/// The size of a plot in units. The browser stretches the width to that of the panel, and a unit of height is half a
/// pixel.
pub const WIDTH: i32 = 4000;
pub const HEIGHT: i32 = 400;

/// A point of a plot, in units from its upper left corner.
pub type Point = (i32, i32);

/// Writes marks as paths with CSS classes instead of colours.
///
/// Consecutive marks of the same look become one path, and all positions in it are relative to the one before.
pub struct Paths<'a> {
    out: &'a mut String,
    look: String,
    at: Point,
    /// The classes and the thickness of the last bar.
    bar: (String, i32),
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

    /// Draws a line through points.
    pub fn line(&mut self, class: &str, points: &[Point]) {
        self.trace(format!(r#"class="{class}""#), points, "");
    }

    /// Fills the area inside of points.
    pub fn area(&mut self, mark: Mark, points: &[Point]) {
        self.trace(format!(r#"class="fill {}""#, mark.classes()), points, "z");
        if let Some(&first) = points.first() {
            self.at = first;
        }
    }

    /// Draws a thick line. It is shorter than a rectangle, which takes four sides.
    pub fn bar(&mut self, classes: &str, thickness: i32, from: Point, to: Point) {
        // Rounding makes equal bars differ by a unit. They are one path.
        if self.bar.0 != classes || self.bar.1.abs_diff(thickness) > 1 {
            self.bar = (classes.to_owned(), thickness);
        }
        let look = format!(r#"class="bar {}" stroke-width="{}""#, self.bar.0, self.bar.1);
        self.trace(look, &[from, to], "");
    }

    fn trace(&mut self, look: String, points: &[Point], end: &str) {
        let Some((&first, rest)) = points.split_first() else {
            return;
        };
        if self.look != look {
            self.end();
            let _ = write!(self.out, r#"<path {look} d=""#);
            self.look = look;
            self.at = (0, 0);
        }
        self.out.push('m');
        self.step(first);
        for &point in rest {
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
        self.out.push_str(end);
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
