use std::path::PathBuf;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::minio::{Minio, java};
use crate::process::free_address;
use crate::{LakeAt, Process, python};

/// An S3 store and an Iceberg REST catalog that others wrote: MinIO, and the server of Apache Iceberg.
#[derive(Debug)]
pub struct S3Lake {
    catalog_address: String,
    // Dropped in this order.
    catalog: Option<Process>,
    store: Minio,
}

impl S3Lake {
    /// Starts both on free ports, with an empty bucket.
    ///
    /// # Errors
    /// When one of them is missing or does not come up; with its output.
    pub async fn start() -> Result<Self> {
        let mut lake = Self {
            catalog_address: free_address()?,
            catalog: None,
            store: Minio::start().await?,
        };
        lake.start_catalog().await?;
        Ok(lake)
    }

    /// Starts the catalog where it was, with what it knew.
    ///
    /// # Errors
    /// When it does not come up; with its output.
    pub async fn start_catalog(&mut self) -> Result<()> {
        let (_, port) = self.catalog_address.split_once(':').context("no port")?;
        let database = self.store.folder().join("catalog.db");
        let mut command = java("iceberg-rest.jar", self.store.folder())?;
        command
            .env("CATALOG_REST_PORT", port)
            .env("CATALOG_WAREHOUSE", format!("s3://{}/", Minio::BUCKET))
            .env("CATALOG_CATALOG__IMPL", "org.apache.iceberg.jdbc.JdbcCatalog")
            .env("CATALOG_URI", format!("jdbc:sqlite:{}", database.display()))
            // Two connections lock each other out.
            .env("CATALOG_CLIENTS", "1")
            .env("CATALOG_IO__IMPL", "org.apache.iceberg.aws.s3.S3FileIO")
            .env("CATALOG_S3_ENDPOINT", self.store.url())
            .env("CATALOG_S3_PATH__STYLE__ACCESS", "true")
            // Who asks for vended credentials gets these.
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

    /// Kills the catalog, as `kill -9` does.
    pub fn stop_catalog(&mut self) {
        self.catalog = None;
    }

    /// The catalog's address.
    pub fn catalog_url(&self) -> String {
        format!("http://{}", self.catalog_address)
    }

    /// The store's address.
    pub fn store_url(&self) -> String {
        self.store.url()
    }

    /// The store's address by a name that only the store knows.
    pub fn store_url_by_name(&self) -> String {
        format!("http://{}", Minio::DOMAIN)
    }

    /// The bucket's address where it is part of the host's name.
    pub fn bucket_url(&self) -> String {
        format!("http://{}.{}", Minio::BUCKET, Minio::DOMAIN)
    }

    /// Where this lake is.
    pub fn at(&self) -> LakeAt {
        self.at_with([])
    }

    /// The same with other variables in the environment of our programs: set, or left out.
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

    /// Kills both, as `kill -9` does.
    pub fn stop(&mut self) {
        self.stop_catalog();
        self.store.stop();
    }

    /// Starts both where they were, with what they knew.
    ///
    /// # Errors
    /// When one of them does not come up; with its output.
    pub async fn start_again(&mut self) -> Result<()> {
        self.store.start_again().await?;
        self.start_catalog().await
    }

    /// Sends the catalog a signal: one that is stopped takes connections and answers nothing.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal_catalog(&self, with: Signal) -> Result<()> {
        let catalog = self.catalog.as_ref().context("the catalog is stopped")?;
        catalog.signal(with)
    }

    /// What pyiceberg makes of a table, after it has appended to it if `more` says so: rows, distinct RowIds, data files.
    ///
    /// # Errors
    /// When it can't read it; with what it wrote.
    pub async fn pyiceberg(&self, table: &str, more: &[&str]) -> Result<serde_json::Value> {
        pyiceberg(&self.at(), table, more).await
    }

    /// Where the store keeps its objects: a folder for each.
    pub fn objects(&self) -> PathBuf {
        self.store.objects()
    }
}

/// `tests/python/remote.py` on that lake.
pub(crate) async fn pyiceberg(lake: &LakeAt, table: &str, more: &[&str]) -> Result<serde_json::Value> {
    let properties = lake.pyiceberg().to_string();
    let arguments = [&[properties.as_str(), table][..], more].concat();
    Ok(serde_json::from_str(&python("remote.py", &arguments).await?)?)
}
