//! The pages: what the routes show.

pub mod dashboard;
pub mod not_found;
pub mod page;
