//! The CSS classes of marks, and their encoding as colours for plotters.

use plotters::style::RGBColor;

/// The number of series colours in the style sheet.
pub const COLOURS: usize = 8;

/// The number of heat map shades in the style sheet.
pub const SHADES: u8 = 8;

/// The role of a mark, which becomes its CSS classes.
///
/// Plotters gives marks colours only. A role is therefore encoded as a colour for plotters, and the SVG backend decodes
/// it to CSS classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StyleClass {
    /// A line of the grid.
    Grid,
    /// The zero line.
    Axis,
    /// A tick of the time axis that only a wide plot has.
    WideTick,
    /// A tick of the time axis that only a narrow plot has.
    NarrowTick,
    /// A cell of a heat map with its shade, from 1 to [`SHADES`].
    Heat(u8),
    /// A line at a marked moment.
    Marker,
    /// A mark of a series.
    Series(Mark),
}

/// The appearance of a mark of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The index of the colour. [`COLOURS`] and above is the colour of "everything else".
    pub colour: usize,
    /// The index of the measure. The first is solid, the others are dashed.
    pub measure: usize,
    /// True if the bucket is not complete yet.
    pub partial: bool,
    /// True for the faint filling below a line.
    pub faint: bool,
    /// True for the period before.
    pub before: bool,
}

impl Mark {
    /// Creates the ordinary mark of a series.
    pub fn new(colour: usize, measure: usize) -> Self {
        Self {
            colour,
            measure,
            partial: false,
            faint: false,
            before: false,
        }
    }
}

impl StyleClass {
    /// Returns the colour that encodes the role.
    pub fn colour(self) -> RGBColor {
        match self {
            Self::Grid => RGBColor(1, 0, 0),
            Self::Axis => RGBColor(2, 0, 0),
            Self::WideTick => RGBColor(3, 0, 0),
            Self::NarrowTick => RGBColor(4, 0, 0),
            Self::Heat(shade) => RGBColor(5, shade.clamp(1, SHADES), 0),
            Self::Marker => RGBColor(6, 0, 0),
            Self::Series(mark) => {
                let flags = u8::from(mark.partial) | u8::from(mark.faint) << 1 | u8::from(mark.before) << 2;
                RGBColor(
                    100 + mark.colour.min(COLOURS) as u8,
                    mark.measure.min(255) as u8,
                    flags,
                )
            }
        }
    }

    /// Returns the CSS classes of the role that a colour of [`StyleClass::colour`] encodes.
    pub fn classes((red, green, blue): (u8, u8, u8)) -> String {
        match red {
            1 => "grid".into(),
            2 => "axis".into(),
            3 => "axis wide".into(),
            4 => "axis narrow".into(),
            5 => format!("h{green}"),
            6 => "marker".into(),
            _ => {
                let mut classes = series_class(usize::from(red.saturating_sub(100)));
                if green > 0 {
                    classes += " dashed";
                }
                if blue & 1 > 0 {
                    classes += " partial";
                }
                if blue & 2 > 0 {
                    classes += " faint";
                }
                if blue & 4 > 0 {
                    classes += " before";
                }
                classes
            }
        }
    }
}

/// Returns the CSS class of a series colour.
pub fn series_class(colour: usize) -> String {
    if colour < COLOURS {
        format!("s{colour}")
    } else {
        "other".into()
    }
}
