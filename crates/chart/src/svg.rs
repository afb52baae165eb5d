//! A drawing backend for plotters that writes SVG.

use std::{convert::Infallible, fmt::Write};

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};

use crate::{
    style_class::StyleClass,
    text::{self, FONT_SIZE},
};

/// The number of plotters' units per pixel. Plotters' coordinates are integers, so this keeps tenths of a pixel.
pub const SCALE: i32 = 10;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A plotters backend that writes SVG with CSS classes instead of colours.
///
/// Consecutive marks of the same class become one path. Texts are measured by this crate: plotters' own measurement needs
/// the browser's `window`, which a Worker does not have.
pub struct Svg<'a> {
    out: &'a mut String,
    size: (u32, u32),
    path: Option<Path>,
}

struct Path {
    classes: String,
    data: String,
}

impl<'a> Svg<'a> {
    /// Begins a drawing of a size in pixels. `plot` is the rectangle of the plot inside it (left, top, right, bottom).
    /// The attribute `data-plot` holds that rectangle for scripts that react to the pointer.
    pub fn new(out: &'a mut String, (width, height): (u32, u32), plot: Option<[f64; 4]>) -> Self {
        // The drawing is hidden from the accessibility tree, because the figure around it has the text alternative.
        let _ = write!(out, r#"<svg viewBox="0 0 {width} {height}""#);
        if let Some([left, top, right, bottom]) = plot {
            let _ = write!(out, r#" data-plot="{left} {top} {right} {bottom}""#);
        }
        out.push_str(r#" aria-hidden="true" focusable="false">"#);
        Self {
            out,
            size: (width * SCALE as u32, height * SCALE as u32),
            path: None,
        }
    }

    fn path(&mut self, shape: &str, style: &impl BackendStyle) -> Option<&mut String> {
        if style.color().alpha == 0.0 {
            return None;
        }
        let classes = format!("{shape} {}", StyleClass::classes(style.color().rgb));
        if self.path.as_ref().is_none_or(|path| path.classes != classes) {
            self.flush();
            self.path = Some(Path {
                classes,
                data: String::new(),
            });
        }
        self.path.as_mut().map(|path| &mut path.data)
    }

    fn flush(&mut self) {
        if let Some(Path { classes, data }) = self.path.take() {
            let _ = write!(self.out, r#"<path class="{classes}" d="{data}"/>"#);
        }
    }

    fn polyline<I: IntoIterator<Item = BackendCoord>>(data: &mut String, points: I) {
        let mut last = None;
        for (x, y) in points {
            match last {
                None => *data += &format!("M{} {}", Units(x), Units(y)),
                Some((x0, y0)) => *data += &format!("l{} {}", Units(x - x0), Units(y - y0)),
            }
            last = Some((x, y));
        }
    }
}

impl Drop for Svg<'_> {
    fn drop(&mut self) {
        self.flush();
        self.out.push_str("</svg>");
    }
}

/// A length in plotters' units, which is formatted in pixels.
struct Units(i32);

impl std::fmt::Display for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, tenth) = (self.0 / SCALE, (self.0 % SCALE).abs());
        if self.0 < 0 && whole == 0 {
            f.write_str("-")?;
        }
        if tenth == 0 {
            write!(f, "{whole}")
        } else {
            write!(f, "{whole}.{tenth}")
        }
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + SCALE, y + SCALE), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if let Some(data) = self.path(if fill { "fill" } else { "line" }, style) {
            *data += &format!(
                "M{} {}h{}v{}h{}z",
                Units(x0),
                Units(y0),
                Units(x1 - x0),
                Units(y1 - y0),
                Units(x0 - x1)
            );
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if let Some(data) = self.path("line", style) {
            Self::polyline(data, path);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if let Some(data) = self.path(if fill { "fill" } else { "line" }, style) {
            let (r, d) = (Units(radius as i32), Units(2 * radius as i32));
            let left = Units(x - radius as i32);
            *data += &format!("M{left} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", Units(y));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        if let Some(data) = self.path("fill", style) {
            Self::polyline(data, vert);
            data.push('z');
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        self.flush();
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " middle",
            HPos::Right => " end",
        };
        // The offset of the baseline follows from the heights of small letters and capitals in ordinary fonts.
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.78,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let y = y + (drop * FONT_SIZE * f64::from(SCALE)).round() as i32;
        let classes = StyleClass::classes(style.color().rgb);
        let _ = write!(
            self.out,
            r#"<text class="{classes}{anchor}" x="{}" y="{}">"#,
            Units(x),
            Units(y)
        );
        text::escape(text, self.out);
        self.out.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let scale = f64::from(SCALE);
        Ok(((text::width(text) * scale) as u32, (FONT_SIZE * scale) as u32))
    }
}
