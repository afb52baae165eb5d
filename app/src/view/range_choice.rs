use lakefront_api::Preset;
use serde::{Deserialize, Serialize};

/// The range that a viewer chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeChoice {
    /// A span that ends now.
    Preset(Preset),
    /// Two local times of the view's zone (`2026-03-24T12:00`), as the inputs of a form send them, or two instants.
    Between {
        /// The first minute inside.
        from: String,
        /// The first minute after.
        to: String,
    },
}

impl Default for RangeChoice {
    fn default() -> Self {
        Self::Preset(Preset::D7)
    }
}

impl RangeChoice {
    /// A range of one's own as its button names it: `Mar 24, 12:00 – 18:30`, `2h`; none for a preset that is offered.
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

/// The day in words and the time of the day; anything else stays as it is.
fn split(text: &str) -> (String, &str) {
    let Some((day, time)) = text.split_once('T') else {
        return (text.to_owned(), "");
    };
    let day = lakefront_api::instant::day(day).map_or_else(|| day.to_owned(), lakefront_chart::short_day);
    (day, time.get(..5).unwrap_or(time))
}
