//! How a lake is opened.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::layout::Layout;
use crate::remote::RemoteLake;

/// Where the lake is and how long it remembers.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// Where the tables are, and the catalog.
    pub place: Place,
    /// How many of the latest snapshots stay.
    pub keep_snapshots: usize,
    /// For how long the last snapshot of each hour stays, under a tag.
    pub keep_hourly: Duration,
    /// For how long a data file stays on disk after it left the current snapshot.
    pub keep_replaced: Duration,
    /// For how long a file may wait to be committed. Older ones that no snapshot reaches are what killed writers left:
    /// [`Lake::sweep`](crate::Lake::sweep) deletes them.
    pub keep_unreferenced: Duration,
    /// For how long the log position of a writer that commits no more is remembered.
    pub keep_writers: Duration,
    /// How data files are laid out.
    pub layout: Layout,
    /// The clock, milliseconds since 1970 UTC.
    pub now_ms: fn() -> i64,
}

/// Where a lake is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder: holds `catalog.db` and the tables' folders.
    Folder(PathBuf),
    /// An S3 store, behind a REST catalog.
    Remote(Box<RemoteLake>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Remote(lake) => f.write_str(lake.catalog_uri.as_deref().unwrap_or_default()),
        }
    }
}

impl LakeConfig {
    /// A lake in that folder; see [`LakeConfig::at`].
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::at(Place::Folder(folder.into()))
    }

    /// A lake at that place, with the usual retention: 100 snapshots, one an hour for 7 days, replaced data files for an
    /// hour, uncommitted files for a day, log positions for 30 days.
    pub fn at(place: Place) -> Self {
        Self {
            place,
            keep_snapshots: 100,
            keep_hourly: Duration::from_secs(7 * 24 * 3600),
            keep_replaced: Duration::from_secs(3600),
            keep_unreferenced: Duration::from_secs(24 * 3600),
            keep_writers: Duration::from_secs(30 * 24 * 3600),
            layout: Layout::default(),
            now_ms: system_clock,
        }
    }
}

fn system_clock() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
