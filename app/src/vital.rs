//! The web vitals and their thresholds.

use lakefront_chart::Unit;

/// A web vital with the thresholds of <https://web.dev/articles/vitals>, which apply to the 75th percentile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vital {
    /// The name in the data.
    pub name: &'static str,
    /// The largest value that is good.
    pub good: f64,
    /// The largest value that needs improvement. A larger one is poor.
    pub poor: f64,
    /// The unit of values and thresholds.
    pub unit: Unit,
}

const fn vital(name: &'static str, good: f64, poor: f64, unit: Unit) -> Vital {
    Vital {
        name,
        good,
        poor,
        unit,
    }
}

/// The vitals with thresholds, the core web vitals first.
pub const VITALS: [Vital; 5] = [
    vital("lcp", 2_500.0, 4_000.0, Unit::Millis),
    vital("inp", 200.0, 500.0, Unit::Millis),
    vital("cls", 0.1, 0.25, Unit::Plain),
    vital("fcp", 1_800.0, 3_000.0, Unit::Millis),
    vital("ttfb", 800.0, 1_800.0, Unit::Millis),
];

/// The rating of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rating {
    /// At most [`Vital::good`].
    Good,
    /// Between good and poor.
    Middling,
    /// More than [`Vital::poor`].
    Poor,
}

impl Vital {
    /// Rates a value.
    pub fn rate(&self, value: f64) -> Rating {
        if value <= self.good {
            Rating::Good
        } else if value <= self.poor {
            Rating::Middling
        } else {
            Rating::Poor
        }
    }
}

impl Rating {
    /// Returns the rating in Google's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Middling => "needs improvement",
            Self::Poor => "poor",
        }
    }

    /// Returns the CSS class of the rating.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Middling => "middling",
            Self::Poor => "bad",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_belong_to_the_better_side() {
        let [lcp, _, cls, ..] = VITALS;
        let rated: Vec<_> = [2_500.0, 2_500.1, 4_000.0, 4_000.1]
            .map(|value| lcp.rate(value).words())
            .into();
        assert_eq!(rated, ["good", "needs improvement", "needs improvement", "poor"]);
        assert_eq!(cls.rate(0.1), Rating::Good);
    }
}
