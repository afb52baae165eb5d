//! The CSS classes of marks.

/// The number of series colours in the style sheet.
pub const COLOURS: usize = 8;

/// The number of heat map shades in the style sheet.
pub const SHADES: u8 = 8;

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
}

impl Mark {
    /// Creates the ordinary mark of a series.
    pub fn new(colour: usize, measure: usize) -> Self {
        Self {
            colour,
            measure,
            partial: false,
            faint: false,
        }
    }

    /// Returns the CSS classes of the mark.
    pub fn classes(self) -> String {
        let mut classes = series_class(self.colour);
        for (is_set, class) in [
            (self.measure > 0, " dashed"),
            (self.partial, " partial"),
            (self.faint, " faint"),
        ] {
            if is_set {
                classes += class;
            }
        }
        classes
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
