//! Charts as SVG, the same on the server and in the browser.
//!
//! The function [`Frame::new`] converts a reply to the data of a chart (series over time, a ranking, a heat map).
//! [`draw`] draws series and heat maps as an SVG that fits any width. Colours are CSS classes, so one SVG serves the
//! light and the dark theme. Rankings, legends and tables are HTML, which the caller makes. The crate does no I/O, reads no clock and loads no
//! fonts: a table of widths measures texts.

#![warn(clippy::missing_errors_doc)]

mod axis;
mod bars;
mod bucket_values;
mod cells;
mod columns;
mod downsample;
mod draw;
mod frame;
mod heat;
mod lines;
mod marker;
mod number;
mod plot;
mod rank;
mod ranking;
mod spark;
mod style_class;
mod svg;
mod text;
mod tick_step;
mod time_frame;
mod time_ticks;
mod unit;
mod value_ticks;

pub use bucket_values::BucketValues;
pub use cells::words;
pub use draw::draw;
pub use frame::Frame;
pub use heat::HeatFrame;
pub use marker::Marker;
pub use number::{bytes, compact, count, span};
pub use rank::ranked;
pub use ranking::{Measure, RankingFrame, RankingRow};
pub use spark::spark;
pub use time_frame::{Bar, Key, Series, TimeFrame};
pub use time_ticks::{clock, day, local_minute, short_day};
pub use unit::Unit;
