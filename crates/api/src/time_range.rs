use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The range a query covers: one of the presets, ending now, or two instants (half-open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimeRange {
    /// `"7d"`: the given span up to now.
    Preset(Preset),
    /// `{"from": …, "to": …}`: from inclusive, to exclusive.
    Absolute {
        /// The first instant inside the range.
        from: Timestamp,
        /// The first instant after the range.
        to: Timestamp,
    },
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::Preset(Preset::D7)
    }
}

/// A span that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Preset {
    /// 15 minutes.
    M15,
    /// 1 hour.
    H1,
    /// 6 hours.
    H6,
    /// 24 hours.
    H24,
    /// 7 days.
    D7,
    /// 30 days.
    D30,
    /// 90 days.
    D90,
    /// 180 days.
    D180,
}

impl Preset {
    /// Every preset, shortest first.
    pub const ALL: [Self; 8] = [
        Self::M15,
        Self::H1,
        Self::H6,
        Self::H24,
        Self::D7,
        Self::D30,
        Self::D90,
        Self::D180,
    ];

    /// The name on the wire and in the URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M15 => "15m",
            Self::H1 => "1h",
            Self::H6 => "6h",
            Self::H24 => "24h",
            Self::D7 => "7d",
            Self::D30 => "30d",
            Self::D90 => "90d",
            Self::D180 => "180d",
        }
    }

    /// How long the preset is; a day is 24 hours.
    pub const fn duration(self) -> SignedDuration {
        SignedDuration::from_mins(match self {
            Self::M15 => 15,
            Self::H1 => 60,
            Self::H6 => 6 * 60,
            Self::H24 => 24 * 60,
            Self::D7 => 7 * 24 * 60,
            Self::D30 => 30 * 24 * 60,
            Self::D90 => 90 * 24 * 60,
            Self::D180 => 180 * 24 * 60,
        })
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|preset| preset.name()).collect();
                format!(
                    "expected one of {}, or an object with from and to",
                    names.join(", ")
                )
            })
    }
}

impl TryFrom<String> for Preset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Preset> for String {
    fn from(preset: Preset) -> Self {
        preset.name().into()
    }
}
