//! Charts as SVG, the same on the server and in the browser.

mod number;
mod text;
mod unit;

pub use number::{bytes, compact, count};
pub use unit::Unit;
