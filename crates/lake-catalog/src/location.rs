//! The two kinds of locations that a lake can have.

use std::fmt;
use std::path::PathBuf;

use crate::config::RestCatalogConfig;

/// The location of a lake.
#[derive(Clone, Debug)]
pub enum LakeLocation {
    /// A local folder with `catalog.db` and the tables' folders.
    Folder(PathBuf),
    /// An S3 store behind a REST catalog.
    RestCatalog(Box<RestCatalogConfig>),
}

impl LakeLocation {
    /// Returns the REST catalog if it is configured, else `folder`.
    pub fn new(catalog: &RestCatalogConfig, folder: impl Into<PathBuf>) -> Self {
        if catalog.is_configured() {
            Self::RestCatalog(Box::new(catalog.clone()))
        } else {
            Self::Folder(folder.into())
        }
    }
}

impl fmt::Display for LakeLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::RestCatalog(catalog) => f.write_str(catalog.catalog_uri.as_deref().unwrap_or_default()),
        }
    }
}
