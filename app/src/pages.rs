//! The pages: what the routes show.

pub mod any;
pub mod dashboard;
pub mod not_found;
