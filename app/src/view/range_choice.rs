//! The range that a viewer chose, as the URL holds it.

use lakefront_api::Preset;
use serde::{Deserialize, Serialize};

/// The range that a viewer chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeChoice {
    /// A span of time that ends now.
    Preset(Preset),
    /// Two local times in the view's zone (`2026-03-24T12:00`), as the inputs of a form send them, or two instants.
    Between {
        /// The first minute inside the range.
        from: String,
        /// The first minute after the range.
        to: String,
    },
}

impl Default for RangeChoice {
    fn default() -> Self {
        Self::Preset(Preset::D7)
    }
}

impl RangeChoice {
    /// Returns the name of a custom range for its button: `Mar 24, 12:00 – 18:30`, `2h`. `None` for a preset with a
    /// link of its own.
    pub fn name(&self) -> Option<String> {
        let (from, to) = match self {
            Self::Preset(preset) if Preset::ALL.contains(preset) => return None,
            Self::Preset(preset) => return Some(preset.name()),
            Self::Between { from, to } => (from, to),
        };
        let (from_day, from_time) = split(from);
        let (to_day, to_time) = split(to);
        Some(if from_day == to_day {
            format!("{from_day}, {from_time} – {to_time}")
        } else {
            format!("{from_day}, {from_time} – {to_day}, {to_time}")
        })
    }
}

/// Returns a local time for people: `Mar 24, 12:00`. Other text is returned unchanged.
pub fn local_time(text: &str) -> String {
    match split(text) {
        (day, "") => day,
        (day, time) => format!("{day}, {time}"),
    }
}

/// Splits a local time into its day in words and its time of the day. Text without a `T` is returned unchanged.
fn split(text: &str) -> (String, &str) {
    let Some((day, time)) = text.split_once('T') else {
        return (text.to_owned(), "");
    };
    let day = lakefront_api::instant::day(day).map_or_else(|| day.to_owned(), lakefront_chart::short_day);
    (day, time.get(..5).unwrap_or(time))
}
