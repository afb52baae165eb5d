use plotters::style::RGBColor;

/// How many colours the style sheet has for series.
pub const COLOURS: usize = 8;

/// How many shades the style sheet has for heat maps.
pub const SHADES: u8 = 8;

/// What a mark is drawn with. Plotters knows colours only, so an ink travels through it as one and comes out as
/// CSS classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A line of the grid.
    Grid,
    /// The zero line.
    Axis,
    /// Text of an axis or a heading.
    Label,
    /// Text that is read: names and values.
    Text,
    /// The track behind a bar.
    Track,
    /// A cell of a heat map: the shade, from 1 to [`SHADES`].
    Heat(u8),
    /// A mark of a series.
    Series(Mark),
}

/// A mark of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The colour: below [`COLOURS`], or that for "everything else".
    pub colour: usize,
    /// Which measure: the first is solid, later ones are dashed.
    pub measure: usize,
    /// Of a bucket that is not complete yet.
    pub partial: bool,
    /// The faint filling below a line.
    pub faint: bool,
}

impl Mark {
    /// The ordinary mark of a series.
    pub fn new(colour: usize, measure: usize) -> Self {
        Self {
            colour,
            measure,
            partial: false,
            faint: false,
        }
    }
}

impl Ink {
    /// The colour under which it travels.
    pub fn colour(self) -> RGBColor {
        match self {
            Self::Grid => RGBColor(1, 0, 0),
            Self::Axis => RGBColor(2, 0, 0),
            Self::Label => RGBColor(3, 0, 0),
            Self::Text => RGBColor(4, 0, 0),
            Self::Track => RGBColor(5, 0, 0),
            Self::Heat(shade) => RGBColor(6, shade.clamp(1, SHADES), 0),
            Self::Series(mark) => {
                let flags = u8::from(mark.partial) | u8::from(mark.faint) << 1;
                RGBColor(
                    100 + mark.colour.min(COLOURS) as u8,
                    mark.measure.min(255) as u8,
                    flags,
                )
            }
        }
    }

    /// The CSS classes of a colour that [`Ink::colour`] made.
    pub fn classes((red, green, blue): (u8, u8, u8)) -> String {
        match red {
            1 => "grid".into(),
            2 => "axis".into(),
            3 => "label".into(),
            5 => "track".into(),
            6 => format!("h{green}"),
            red @ 100.. => {
                let mut classes = series_class(usize::from(red) - 100);
                if green > 0 {
                    classes += " dashed";
                }
                if blue & 1 > 0 {
                    classes += " partial";
                }
                if blue & 2 > 0 {
                    classes += " faint";
                }
                classes
            }
            _ => "text".into(),
        }
    }
}

/// The CSS class that gives a series its colour.
pub fn series_class(colour: usize) -> String {
    if colour < COLOURS {
        format!("s{colour}")
    } else {
        "other".into()
    }
}
