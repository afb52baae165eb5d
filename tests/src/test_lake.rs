use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;

use crate::{LakeAt, S3Lake};

/// A lake for one test: in a folder, or with `LAKEFRONT_TEST_LAKE=s3` on an S3 store behind a REST catalog.
#[derive(Debug)]
pub struct TestLake {
    at: LakeAt,
    // Dropped in this order: the programs before the folder.
    servers: Option<S3Lake>,
    folder: TempDir,
}

impl TestLake {
    /// A place without tables. Starts store and catalog where they are wanted.
    ///
    /// # Errors
    /// When one of them does not come up; with its output.
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

    /// Where it is.
    pub fn at(&self) -> &LakeAt {
        &self.at
    }

    /// The servers that it is on, where it is in no folder.
    pub fn servers(&self) -> Option<&S3Lake> {
        self.servers.as_ref()
    }

    /// A folder that goes with it, for whatever a test needs beside it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes it away, or gives it back: its tables' folder is elsewhere, or store and catalog are killed.
    ///
    /// # Errors
    /// When it can't.
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
