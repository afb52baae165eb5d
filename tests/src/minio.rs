//! MinIO, the S3 store of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::Process;
use crate::process::free_address;

/// A running MinIO with an empty bucket: an S3 store of another project.
#[derive(Debug)]
pub(crate) struct Minio {
    address: String,
    // Fields are dropped in this order: the program before its folder.
    process: Option<Process>,
    folder: TempDir,
}

impl Minio {
    /// The access key, which is the name of the store's only user.
    pub const KEY: &str = "lakefront";
    /// The secret key of that user.
    pub const SECRET: &str = "a secret of the tests";
    /// The name of the bucket.
    pub const BUCKET: &str = "lake";
    /// The host name that the store answers for. Each bucket has a host name below it.
    pub const DOMAIN: &str = "s3.lakefront.test";

    /// Starts MinIO on a free port.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lakefront-s3-").tempdir()?;
        // MinIO serves each folder in its own as a bucket.
        std::fs::create_dir_all(folder.path().join("store").join(Self::BUCKET))?;
        let mut store = Self {
            address: free_address()?,
            process: None,
            folder,
        };
        store.start_again().await?;
        Ok(store)
    }

    /// Starts MinIO again at the same address over the same folder.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new(tools()?.join("minio"));
        command
            .arg("server")
            .arg(self.folder.path().join("store"))
            .args(["--address", &self.address])
            .env("MINIO_BROWSER", "off")
            // MinIO answers requests to a host below this one for the bucket of that name.
            .env("MINIO_DOMAIN", Self::DOMAIN)
            .env("MINIO_ROOT_USER", Self::KEY)
            .env("MINIO_ROOT_PASSWORD", Self::SECRET);
        let process = self.process.insert(Process::run("minio", command)?);
        let health = format!("http://{}/minio/health/ready", self.address);
        process.ready(&health).await
    }

    /// Kills the program with SIGKILL.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Returns the store's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the folder in which the store keeps the bucket's objects, each in a folder.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("store").join(Self::BUCKET)
    }

    /// Returns a folder for other programs, which is removed with the store.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Returns the command of a Java program in the folder of `cargo xtask setup`. The program unpacks its files into
/// `folder`.
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
