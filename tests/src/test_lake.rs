//! An empty lake for one test.

use std::path::Path;

use anyhow::Result;
use lakefront_lake::{Lake, LakeConfig};
use tempfile::TempDir;

use crate::{LakeAt, S3Lake};

/// A lake for one test: in a folder, or with `LAKEFRONT_TEST_LAKE=s3` on an S3 store behind a REST catalog.
#[derive(Debug)]
pub struct TestLake {
    at: LakeAt,
    // Fields are dropped in this order: the programs before the folder.
    servers: Option<S3Lake>,
    folder: TempDir,
}

impl TestLake {
    /// Returns a lake without tables. Starts store and catalog if the lake is on S3.
    ///
    /// # Errors
    /// Returns an error if a program does not become ready, with its output.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lakefront-").tempdir()?;
        let servers = match std::env::var("LAKEFRONT_TEST_LAKE").as_deref() {
            Ok("s3") => Some(S3Lake::start().await?),
            _ => None,
        };
        let in_folder = || LakeAt::folder(folder.path().join("lake"));
        Ok(Self {
            at: servers.as_ref().map_or_else(in_folder, S3Lake::at),
            servers,
            folder,
        })
    }

    /// Opens the lake as a version that had no promoted columns. Creates its tables.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be opened.
    pub async fn open_as_older_version(&self) -> Result<Lake> {
        let mut tables = lakefront_otel::tables().to_vec();
        for table in &mut tables {
            table.columns.retain(|column| !column.promoted);
        }
        let config = LakeConfig {
            tables: Vec::leak(tables),
            ..LakeConfig::at(self.at.place()?)
        };
        Ok(Lake::open(config).await?)
    }

    /// Returns the place of the lake.
    pub fn at(&self) -> &LakeAt {
        &self.at
    }

    /// Returns the servers of the lake, or `None` for a lake in a folder.
    pub fn servers(&self) -> Option<&S3Lake> {
        self.servers.as_ref()
    }

    /// Returns a folder for further files of the test, which is removed with the lake.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the lake or restores it. A folder of tables is renamed, or store and catalog are killed and started.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be renamed, or a program does not become ready.
    pub async fn is_there(&mut self, there: bool) -> Result<()> {
        match (&mut self.servers, there) {
            (Some(servers), true) => servers.start_again().await,
            (Some(servers), false) => {
                servers.stop();
                Ok(())
            }
            (None, there) => {
                let [here, elsewhere] =
                    ["otel", "elsewhere"].map(|name| self.at.path().map(|path| path.join(name)));
                let (from, to) = if there {
                    (elsewhere, here)
                } else {
                    (here, elsewhere)
                };
                Ok(std::fs::rename(from?, to?)?)
            }
        }
    }
}
