//! The place of a lake, in the formats of the programs that read it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args as _, FromArgMatches as _};
use lakefront_lake::{Lake, LakeLocation, RestCatalogConfig};
use serde_json::{Value, json};

/// The place of a lake. Its methods return the configuration of the programs that read the lake.
#[derive(Debug, Clone)]
pub enum LakeAt {
    /// A folder.
    Folder(PathBuf),
    /// An object store behind a catalog.
    Remote {
        /// The environment variables that configure Lakefront's programs.
        environment: Vec<(&'static str, String)>,
        /// The properties that configure pyiceberg's catalog.
        pyiceberg: Value,
    },
}

impl LakeAt {
    /// Returns the place of a lake in a folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::Folder(path.into())
    }

    /// Returns the folder of the lake.
    ///
    /// # Errors
    /// Returns an error if the lake is not in a folder.
    pub fn path(&self) -> Result<&Path> {
        match self {
            Self::Folder(path) => Ok(path),
            Self::Remote { .. } => bail!("this lake is in no folder"),
        }
    }

    /// Returns the environment variables that configure Lakefront's programs.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder(path) => vec![("LAKEFRONT_LAKE", path.display().to_string())],
            Self::Remote { environment, .. } => environment.clone(),
        }
    }

    /// Returns the place as the programs parse it from their configuration.
    ///
    /// # Errors
    /// Returns an error if a variable does not configure a lake.
    pub fn place(&self) -> Result<LakeLocation> {
        let Self::Remote { environment, .. } = self else {
            return Ok(LakeLocation::Folder(self.path()?.to_owned()));
        };
        Ok(LakeLocation::RestCatalog(Box::new(remote(environment)?)))
    }

    /// Returns the properties of pyiceberg's catalog.
    pub fn pyiceberg(&self) -> Value {
        match self {
            Self::Folder(path) => json!({
                "type": "sql",
                "uri": format!("sqlite:///{}/catalog.db", path.display()),
            }),
            Self::Remote { pyiceberg, .. } => pyiceberg.clone(),
        }
    }
}

/// Returns the data files of a table's current snapshot: the path below the table's folder, and the opened file.
///
/// # Errors
/// Returns an error if the table or a file cannot be read.
pub async fn data_files(lake: &Lake, table: &str) -> Result<Vec<(String, File)>> {
    let state = lake.state(table).await?;
    let mut files = Vec::new();
    for file in &state.files {
        let path = state.path(file).context("it lies outside of its table")?;
        files.push((path.to_owned(), lake.open_file(table, path).await?));
    }
    Ok(files)
}

/// Parses the environment of a lake on an object store. Each variable has a flag of the same name.
fn remote(environment: &[(&'static str, String)]) -> Result<RestCatalogConfig> {
    let mut arguments = vec!["tests".to_owned()];
    for (variable, value) in environment {
        let name = variable.trim_start_matches("LAKEFRONT_").to_lowercase();
        arguments.push(format!("--{}", name.replace('_', "-")));
        if value != "true" {
            arguments.push(value.clone());
        }
    }
    let command = RestCatalogConfig::augment_args(clap::Command::new("tests"));
    let matches = command.try_get_matches_from(arguments)?;
    Ok(RestCatalogConfig::from_arg_matches(&matches)?)
}
