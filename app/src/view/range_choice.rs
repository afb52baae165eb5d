//! The range that a viewer chose, as the URL holds it.

use lakefront_api::Preset;
use serde::{Deserialize, Serialize};

/// The range that a viewer chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeChoice {
    /// A span of time that ends now.
    Preset(Preset),
    /// A text such as `yesterday`. Only the server reads it, because that needs the time-zone database.
    Words(String),
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
