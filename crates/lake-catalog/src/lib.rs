//! The location of a lake: a folder, or an S3 store behind an Iceberg REST catalog.
//!
//! Every program that opens a lake has the settings of [`RestCatalogConfig`]. [`RestCatalog`] is the client of the
//! catalog, and [`S3Access`] the way to the store.
//!
//! This crate writes no data file and no metadata, and parses no metadata of a table: the caller chooses its type.

#![warn(clippy::missing_errors_doc)]

mod config;
mod error;
mod location;
mod rest_catalog;
mod s3_access;

pub use config::RestCatalogConfig;
pub use error::{Error, Result};
pub use location::LakeLocation;
pub use rest_catalog::{RestCatalog, RestCommit, RestTable};
pub use s3_access::{S3Access, S3Keys};

/// The namespace of all tables of a lake.
pub const NAMESPACE: &str = "otel";
