//! Charts as SVG, the same on the server and in the browser.
//!
//! [`Frame::new`] turns a reply into what is drawn (series over time, or a ranking), [`draw`] into an SVG of a
//! given width. Colours are CSS classes, so one SVG serves the light and the dark theme; legends and tables are
//! HTML and not made here. No I/O, no clock, no fonts: text is measured by a table of widths.

mod axis;
mod bars;
mod downsample;
mod draw;
mod frame;
mod ink;
mod lines;
mod number;
mod ranking;
mod step;
mod svg;
mod text;
mod time_frame;
mod time_ticks;
mod unit;
mod value_ticks;

pub use draw::draw;
pub use frame::{Frame, words};
pub use number::{bytes, compact, count};
pub use ranking::{Measure, RankingFrame, RankingRow};
pub use time_frame::{Bar, Key, Series, TimeFrame};
pub use time_ticks::{clock, day};
pub use unit::Unit;
