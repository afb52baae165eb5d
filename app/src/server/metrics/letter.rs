//! The letters by which formulas name the metrics of a chart.

use std::fmt;

/// A metric of the chart, `a` to `e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter(u8);

impl Letter {
    /// Every letter. A chart has at most so many metrics.
    pub const ALL: [Self; 5] = [Self(b'a'), Self(b'b'), Self(b'c'), Self(b'd'), Self(b'e')];

    /// Returns the letter that a character is.
    pub fn of(character: char) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|letter| char::from(letter.0) == character)
    }

    /// Parses a text of one letter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let letter = Self::of(characters.next()?)?;
        characters.next().is_none().then_some(letter)
    }

    /// Returns the name of a parameter of this metric in the address: `show` for the first, `b.show` for the second.
    pub fn param(self, name: &str) -> String {
        if self == Self::ALL[0] {
            name.to_owned()
        } else {
            format!("{self}.{name}")
        }
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        char::from(self.0).fmt(formatter)
    }
}
