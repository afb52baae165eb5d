use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::Process;
use crate::process::free_address;

/// An S3 store that others wrote: MinIO, with an empty bucket.
#[derive(Debug)]
pub(crate) struct Minio {
    address: String,
    // Dropped in this order: the program before its folder.
    process: Option<Process>,
    folder: TempDir,
}

impl Minio {
    /// The store's user, and all there is to authenticate with.
    pub const KEY: &str = "lakefront";
    /// See above.
    pub const SECRET: &str = "a secret of the tests";
    /// The bucket.
    pub const BUCKET: &str = "lake";
    /// The host that it answers for, and below it one for each bucket.
    pub const DOMAIN: &str = "s3.lakefront.test";

    /// Starts it on a free port.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lakefront-s3-").tempdir()?;
        // A folder in the store's is a bucket.
        std::fs::create_dir_all(folder.path().join("store").join(Self::BUCKET))?;
        let mut store = Self {
            address: free_address()?,
            process: None,
            folder,
        };
        store.start_again().await?;
        Ok(store)
    }

    /// Starts it where it was, with what it has.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new(tools()?.join("minio"));
        command
            .arg("server")
            .arg(self.folder.path().join("store"))
            .args(["--address", &self.address])
            .env("MINIO_BROWSER", "off")
            // Requests to a host below this one are to the bucket of that name.
            .env("MINIO_DOMAIN", Self::DOMAIN)
            .env("MINIO_ROOT_USER", Self::KEY)
            .env("MINIO_ROOT_PASSWORD", Self::SECRET);
        let process = self.process.insert(Process::run("minio", command)?);
        let health = format!("http://{}/minio/health/ready", self.address);
        process.ready(&health).await
    }

    /// Kills it, as `kill -9` does.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it keeps the bucket's objects: a folder for each.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("store").join(Self::BUCKET)
    }

    /// A folder that goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A Java program of the folder that `cargo xtask setup` puts such things into. What it unpacks goes into that folder.
pub(crate) fn java(jar: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(tools()?.join("java"));
    command
        .arg(format!("-Djava.io.tmpdir={}", folder.display()))
        .args(["-Xmx512m", "-jar"])
        .arg(tools()?.join(jar));
    Ok(command)
}

fn tools() -> Result<PathBuf> {
    let folder = std::env::var_os("LAKEFRONT_OBJECT_STORE").context(
        "LAKEFRONT_OBJECT_STORE is not set: it names the folder with MinIO and the catalogs; run `cargo xtask test`, which brings them",
    )?;
    Ok(folder.into())
}
