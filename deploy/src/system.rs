//! The system that `lakefront.toml` describes: every resource that has to be there. Pure functions.

pub mod clickhouse;
pub mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lakefront_landing::{Call, calls};

use crate::config::{Clickhouse, Config};
use crate::error::{Error, Result};
use crate::secrets::{Secret, secrets};

/// The addresses of the streams, by the table whose rows they take.
pub type Streams = BTreeMap<String, String>;

/// Everything that has to be there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct System {
    /// The file's content.
    pub config: Config,
    /// The calls that make streams, sinks and pipelines. The token of the catalog is not filled in.
    pub landing: Vec<Call>,
    /// The apps on Fly.io. An app of ClickHouse comes before the sync beside it.
    pub apps: Vec<App>,
    /// The secrets.
    pub secrets: Vec<Secret>,
}

/// An app on Fly.io.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct App {
    /// Its name, which is unique on Fly.io.
    pub name: String,
    /// Its program.
    pub program: Program,
    /// The server of which it is a part.
    pub server: Clickhouse,
}

/// The program of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// ClickHouse.
    Clickhouse,
    /// sync.
    Sync,
}

/// The name of the variable that says which deployment runs, on the Worker and in each app.
pub const DEPLOYMENT: &str = "DEPLOYMENT";

impl System {
    /// Returns the system that a file describes.
    pub fn of(config: Config) -> Self {
        let landing = match config.lands_by_pipelines() {
            true => calls(),
            false => Vec::new(),
        };
        let apps = config.clickhouse.iter().flat_map(|server| {
            let app = |name, program| App {
                name,
                program,
                server: server.clone(),
            };
            [
                app(config.clickhouse_app(server), Program::Clickhouse),
                app(config.sync_app(server), Program::Sync),
            ]
        });
        Self {
            landing,
            apps: apps.collect(),
            secrets: secrets(&config),
            config,
        }
    }

    /// Returns the address of the catalog, which programs read as `LAKEFRONT_CATALOG_URI`, and its warehouse.
    /// <https://developers.cloudflare.com/r2/data-catalog/manage-catalogs/>
    pub fn catalog(&self) -> (String, String) {
        let (account, bucket) = (&self.config.account, &self.config.bucket.name);
        (
            format!("https://catalog.cloudflarestorage.com/{account}/{bucket}"),
            format!("{account}_{bucket}"),
        )
    }

    /// Returns the names of the containers.
    pub fn containers(&self) -> Vec<String> {
        let name = &self.config.name;
        let mut names = vec![format!("{name}-chdb")];
        if self.config.lands_by_pipelines() {
            names.push(format!("{name}-keeper"));
        }
        names
    }

    /// Returns the lake's variables, the same for every program that reads it.
    fn lake_variables(&self) -> [(&'static str, String); 3] {
        let (uri, warehouse) = self.catalog();
        [
            ("LAKEFRONT_CATALOG_URI", uri),
            ("LAKEFRONT_CATALOG_WAREHOUSE", warehouse),
            ("LAKEFRONT_S3_REGION", "auto".to_owned()),
        ]
    }
}

/// The files on this machine that are deployed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Files {
    /// The checkout.
    pub source: PathBuf,
    /// The Worker's modules and the static files, as `cargo xtask bundle` lays them out.
    pub bundle: PathBuf,
}

impl Files {
    /// Returns the files in a checkout.
    pub fn new(source: PathBuf, bundle: Option<PathBuf>) -> Self {
        let bundle = bundle.unwrap_or_else(|| source.join("router/build"));
        Self { source, bundle }
    }

    /// Returns a path in the checkout as text.
    fn path(&self, below: &str) -> String {
        self.source.join(below).display().to_string()
    }

    /// Returns the folder for rendered files, which git ignores.
    pub fn rendered(&self, name: &str) -> PathBuf {
        self.source.join(".lakefront/deploy").join(name)
    }
}

/// Parses a template that is part of this program.
fn template(name: &str, text: &str) -> Result<toml::Table> {
    text.parse().map_err(|cause| Error::Toml {
        file: name.to_owned(),
        cause: Box::new(cause),
    })
}

/// Returns the text of a path.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
