//! Moments that are marked on the time axis of a chart, such as releases.

use jiff::Timestamp;
use lakefront_api::instant;
use serde_json::Value;

use crate::{cells, frame::Frame, text};

/// The most moments that a chart marks.
const MOST: usize = 20;

/// The most characters of a name in a drawing.
const LONGEST: usize = 24;

/// A moment with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The moment.
    pub time: Timestamp,
    /// The name, for people.
    pub name: String,
}

impl Marker {
    /// Returns the name as it is drawn.
    pub(crate) fn label(&self) -> String {
        match self.name.char_indices().nth(LONGEST) {
            None => self.name.clone(),
            Some((end, _)) => format!("{}…", &self.name[..end]),
        }
    }
}

impl Frame {
    /// Marks moments, each of which is a row with a time in UTC and a name. Those outside of the time axis are left out.
    pub fn mark(&mut self, moments: &[Vec<Value>]) {
        let Some((from, to)) = self.span() else { return };
        let mut markers: Vec<Marker> = Vec::new();
        for row in moments {
            let time = instant::time(&cells::text(row, 0)).filter(|time| (from..to).contains(time));
            if let Some(time) = time.filter(|_| markers.len() < MOST) {
                let at = markers.partition_point(|marker| marker.time <= time);
                let name = cells::text(row, 1);
                markers.insert(at, Marker { time, name });
            }
        }
        match self {
            Self::Time(frame) => frame.markers = markers,
            Self::Heat(frame) => frame.markers = markers,
            Self::Ranking(_) => {}
        }
    }

    /// Returns the marked moments, oldest first.
    pub fn markers(&self) -> &[Marker] {
        match self {
            Self::Time(frame) => &frame.markers,
            Self::Heat(frame) => &frame.markers,
            Self::Ranking(_) => &[],
        }
    }
}

/// The name of a marker in a drawing.
pub struct Label {
    /// The position of the marker on the axis, from 0 to 1.
    pub share: f64,
    /// The text.
    pub text: String,
    /// True if the text is before the marker, because there is no room after it.
    pub is_before: bool,
}

/// Returns the names that fit beside each other in a plot of some width, in pixels. `share` gives the position of a marker,
/// from 0 to 1.
pub fn labels(markers: &[Marker], width: f64, share: impl Fn(&Marker) -> f64) -> Vec<Label> {
    let mut end = 0.0;
    let mut labels = Vec::new();
    for marker in markers {
        let (text, share) = (marker.label(), share(marker));
        let (at, length) = (share * width, text::width(&text) + 6.0);
        let is_before = at + length > width;
        let from = if is_before { at - length } else { at };
        if from >= end {
            end = from + length;
            labels.push(Label {
                share,
                text,
                is_before,
            });
        }
    }
    labels
}
