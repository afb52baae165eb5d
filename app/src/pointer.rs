//! Pointing at charts: what they say of a moment, on all panels of the page at once, and dragging to zoom.
//!
//! Nothing is drawn anew: a hair line, a list of values and a band lie over the drawings that are there.

mod charts;
mod geometry;
mod pointing;

pub use charts::Charts;
pub use pointing::Pointing;
