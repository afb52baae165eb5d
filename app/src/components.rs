//! The components: the parts of a page that react to signals.

pub mod controls;
pub mod explore;
pub mod metrics;
pub mod navigation;
pub mod panel;
pub mod range_links;
pub mod sql;
pub mod streamed;
pub mod subsystem;
