//! Pointer and keyboard input on charts: the values at a time, on all panels of the page at once, and dragging to
//! zoom.
//!
//! Charts are not drawn anew. A hair line, a list of values and a band are positioned over the drawings.

mod charts;
mod geometry;
mod handlers;

pub use charts::Charts;
pub use handlers::PointerHandlers;
