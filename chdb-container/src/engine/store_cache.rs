//! Blocks of an S3 lake's data files on local disk. The files never change, so that what was read once is not asked for again; the
//! engine still asks once a file and query whether it is there (HEAD).

use std::io;

use tempfile::TempDir;

/// Its name in the engine's configuration.
const NAME: &str = "store";
/// Bytes that are read and kept together: columns of a day's file are small.
const BLOCK: u64 = 64 << 10;

/// A folder of blocks, which vanishes with this.
pub struct StoreCache {
    folder: TempDir,
}

impl StoreCache {
    /// Of so many bytes at most; what was not used for longest goes.
    pub fn new(bytes: u64) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("lakefront-cache-").tempdir()?;
        let blocks = folder.path().join("blocks");
        std::fs::write(
            folder.path().join("engine.xml"),
            format!(
                "<clickhouse><filesystem_caches><{NAME}><path>{}/</path><max_size>{bytes}</max_size>\
                 <boundary_alignment>{BLOCK}</boundary_alignment></{NAME}></filesystem_caches></clickhouse>",
                blocks.display()
            ),
        )?;
        Ok(Self { folder })
    }

    /// What the engine is started with.
    pub fn of_engine(&self) -> String {
        format!(
            "--config-file={}",
            self.folder.path().join("engine.xml").display()
        )
    }

    /// What every connection is opened with.
    pub fn of_connections(&self) -> [String; 2] {
        [
            "--enable_filesystem_cache=1".to_owned(),
            format!("--filesystem_cache_name={NAME}"),
        ]
    }
}
