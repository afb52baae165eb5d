//! A lake on an S3 store behind an Iceberg REST catalog.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::minio::{Minio, java};
use crate::process::free_address;
use crate::{LakeAt, Process, python};

/// An S3 store and an Iceberg REST catalog of other projects: MinIO, and the server of Apache Iceberg.
#[derive(Debug)]
pub struct S3Lake {
    catalog_address: String,
    // Fields are dropped in this order.
    catalog: Option<Process>,
    store: Minio,
}

impl S3Lake {
    /// Starts both on free ports, with an empty bucket.
    ///
    /// # Errors
    /// Returns an error if a program is missing or does not become ready, with its output.
    pub async fn start() -> Result<Self> {
        let mut lake = Self {
            catalog_address: free_address()?,
            catalog: None,
            store: Minio::start().await?,
        };
        lake.start_catalog().await?;
        Ok(lake)
    }

    /// Starts the catalog at the same address with its earlier tables.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start_catalog(&mut self) -> Result<()> {
        let (_, port) = self.catalog_address.split_once(':').context("no port")?;
        let database = self.store.folder().join("catalog.db");
        let mut command = java("iceberg-rest.jar", self.store.folder())?;
        command
            .env("CATALOG_REST_PORT", port)
            .env("CATALOG_WAREHOUSE", format!("s3://{}/", Minio::BUCKET))
            .env("CATALOG_CATALOG__IMPL", "org.apache.iceberg.jdbc.JdbcCatalog")
            .env("CATALOG_URI", format!("jdbc:sqlite:{}", database.display()))
            // With two connections, SQLite reports a locked database.
            .env("CATALOG_CLIENTS", "1")
            .env("CATALOG_IO__IMPL", "org.apache.iceberg.aws.s3.S3FileIO")
            .env("CATALOG_S3_ENDPOINT", self.store.url())
            .env("CATALOG_S3_PATH__STYLE__ACCESS", "true")
            // The catalog vends these credentials to clients that request them.
            .env("CATALOG_INCLUDE__CREDENTIALS", "true")
            .env("CATALOG_S3_ACCESS__KEY__ID", Minio::KEY)
            .env("CATALOG_S3_SECRET__ACCESS__KEY", Minio::SECRET)
            .env("AWS_ACCESS_KEY_ID", Minio::KEY)
            .env("AWS_SECRET_ACCESS_KEY", Minio::SECRET)
            .env("AWS_REGION", "us-east-1");
        let mut catalog = Process::run("iceberg-rest", command)?;
        catalog
            .ready(&format!("{}/v1/config", self.catalog_url()))
            .await?;
        self.catalog = Some(catalog);
        Ok(())
    }

    /// Kills the catalog with SIGKILL.
    pub fn stop_catalog(&mut self) {
        self.catalog = None;
    }

    /// Returns the catalog's address.
    pub fn catalog_url(&self) -> String {
        format!("http://{}", self.catalog_address)
    }

    /// Returns the store's address.
    pub fn store_url(&self) -> String {
        self.store.url()
    }

    /// Returns the store's address by a name that only the store can resolve.
    pub fn store_url_by_name(&self) -> String {
        format!("http://{}", Minio::DOMAIN)
    }

    /// Returns the bucket's address with the bucket in the host name.
    pub fn bucket_url(&self) -> String {
        format!("http://{}.{}", Minio::BUCKET, Minio::DOMAIN)
    }

    /// Returns the place of the lake.
    pub fn at(&self) -> LakeAt {
        self.at_with([])
    }

    /// Returns the place of the lake with changed environment variables. `None` removes a variable.
    pub fn at_with<const N: usize>(&self, changes: [(&'static str, Option<String>); N]) -> LakeAt {
        let mut environment = vec![
            ("LAKEFRONT_CATALOG_URI", self.catalog_url()),
            ("LAKEFRONT_S3_LOCATION", format!("s3://{}/tables", Minio::BUCKET)),
            ("LAKEFRONT_S3_ENDPOINT", self.store_url()),
            ("LAKEFRONT_S3_PATH_STYLE", "true".to_owned()),
            ("LAKEFRONT_S3_ACCESS_KEY_ID", Minio::KEY.to_owned()),
            ("LAKEFRONT_S3_SECRET_ACCESS_KEY", Minio::SECRET.to_owned()),
        ];
        for (variable, value) in changes {
            environment.retain(|(known, _)| *known != variable);
            environment.extend(value.map(|value| (variable, value)));
        }
        LakeAt::Remote {
            environment,
            pyiceberg: json!({
                "uri": self.catalog_url(),
                "s3.endpoint": self.store_url(),
                "s3.access-key-id": Minio::KEY,
                "s3.secret-access-key": Minio::SECRET,
                "s3.region": "us-east-1",
                "s3.force-virtual-addressing": "false",
            }),
        }
    }

    /// Kills both programs with SIGKILL.
    pub fn stop(&mut self) {
        self.stop_catalog();
        self.store.stop();
    }

    /// Starts both programs at the same addresses with their earlier data.
    ///
    /// # Errors
    /// Returns an error if a program does not become ready, with its output.
    pub async fn start_again(&mut self) -> Result<()> {
        self.store.start_again().await?;
        self.start_catalog().await
    }

    /// Sends a signal to the catalog. After SIGSTOP the catalog accepts connections and answers nothing.
    ///
    /// # Errors
    /// Returns an error if the catalog has ended.
    pub fn signal_catalog(&self, with: Signal) -> Result<()> {
        let catalog = self.catalog.as_ref().context("the catalog is stopped")?;
        catalog.signal(with)
    }

    /// Returns the state of a table as pyiceberg reads it: rows, distinct RowIds, data files. `more` are further
    /// arguments of the script, which can append to the table first.
    ///
    /// # Errors
    /// Returns an error if pyiceberg cannot read the table, with its output.
    pub async fn pyiceberg(&self, table: &str, more: &[&str]) -> Result<serde_json::Value> {
        pyiceberg(&self.at(), table, more).await
    }

    /// Returns the folder in which the store keeps its objects, each in a folder.
    pub fn objects(&self) -> PathBuf {
        self.store.objects()
    }
}

/// Runs `tests/python/remote.py` on a lake. Returns its output as JSON.
pub(crate) async fn pyiceberg(lake: &LakeAt, table: &str, more: &[&str]) -> Result<serde_json::Value> {
    let properties = lake.pyiceberg().to_string();
    let arguments = [&[properties.as_str(), table][..], more].concat();
    Ok(serde_json::from_str(&python("remote.py", &arguments).await?)?)
}
