//! The settings of a lake: its location, retention, file layout and clock.

use std::path::PathBuf;
use std::time::Duration;

use lakefront_lake_catalog::{LakeLocation, NAMESPACE};
use lakefront_otel::Table;

use crate::layout::Layout;
use crate::time::now_ms;

/// The settings that a lake is opened with.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// Location of the tables and the catalog.
    pub location: LakeLocation,
    /// Namespace of the tables. A folder has only that of the lake.
    pub namespace: &'static str,
    /// Definitions of the tables. A test opens a lake as another version did.
    pub tables: &'static [Table],
    /// Number of the latest snapshots that are kept.
    pub keep_snapshots: usize,
    /// Time for which the last snapshot of each hour is kept, under a tag.
    pub keep_hourly: Duration,
    /// Time for which a data file stays on disk after it left the current snapshot.
    pub keep_replaced: Duration,
    /// Time within which a file must be committed. Older files that no snapshot reaches were left by killed writers.
    /// [`Lake::remove_orphan_files`](crate::Lake::remove_orphan_files) deletes them.
    pub keep_unreferenced: Duration,
    /// Time for which the log position of a writer is kept after its last commit.
    pub keep_writers: Duration,
    /// Parquet layout of the data files.
    pub layout: Layout,
    /// The clock, which returns milliseconds since 1970 UTC.
    pub now_ms: fn() -> i64,
}

impl LakeConfig {
    /// Returns the settings of a lake in that folder, with the defaults of [`LakeConfig::at`].
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::at(LakeLocation::Folder(folder.into()))
    }

    /// Returns the settings of a lake at that location, with the default retention.
    ///
    /// The lake keeps 100 snapshots, and one an hour for 7 days. It keeps replaced data files for an hour, uncommitted
    /// files for a day, and log positions for 30 days.
    pub fn at(location: LakeLocation) -> Self {
        Self {
            location,
            namespace: NAMESPACE,
            tables: lakefront_otel::tables(),
            keep_snapshots: 100,
            keep_hourly: Duration::from_secs(7 * 24 * 3600),
            keep_replaced: Duration::from_secs(3600),
            keep_unreferenced: Duration::from_secs(24 * 3600),
            keep_writers: Duration::from_secs(30 * 24 * 3600),
            layout: Layout::default(),
            now_ms,
        }
    }
}
