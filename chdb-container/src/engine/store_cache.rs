//! A cache of blocks of an S3 lake's data files on local disk. Data files never change, so a cached block is not
//! fetched again. The engine still checks once per file and query that the file exists (HEAD).

use std::io;

use tempfile::TempDir;

/// The name of the cache in the engine's configuration.
const NAME: &str = "store";
/// The size of a block in bytes. Blocks are small because the columns of one day's file are.
const BLOCK: u64 = 64 << 10;

/// The temporary folder of the cache. Dropping this deletes the folder.
pub struct StoreCache {
    folder: TempDir,
}

impl StoreCache {
    /// Creates a cache of at most `bytes` bytes, and its configuration file. The engine evicts the least recently used
    /// blocks.
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

    /// Returns the argument with which the engine is started.
    pub fn of_engine(&self) -> String {
        format!(
            "--config-file={}",
            self.folder.path().join("engine.xml").display()
        )
    }

    /// Returns the arguments with which every connection is opened.
    pub fn of_connections(&self) -> [String; 2] {
        [
            "--enable_filesystem_cache=1".to_owned(),
            format!("--filesystem_cache_name={NAME}"),
        ]
    }
}
