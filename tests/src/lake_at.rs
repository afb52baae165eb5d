use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args as _, FromArgMatches as _};
use lakefront_lake::{Lake, Place, RemoteLake};
use serde_json::{Value, json};

/// Where a lake is, and how everyone is told of it.
#[derive(Debug, Clone)]
pub enum LakeAt {
    /// A folder.
    Folder(PathBuf),
    /// A store behind a catalog.
    Remote {
        /// The environment in which our programs find it.
        environment: Vec<(&'static str, String)>,
        /// The properties by which pyiceberg's catalog finds it.
        pyiceberg: Value,
    },
}

impl LakeAt {
    /// In a folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::Folder(path.into())
    }

    /// The folder.
    ///
    /// # Errors
    /// When it is in none.
    pub fn path(&self) -> Result<&Path> {
        match self {
            Self::Folder(path) => Ok(path),
            Self::Remote { .. } => bail!("this lake is in no folder"),
        }
    }

    /// The environment in which our programs find it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder(path) => vec![("LAKEFRONT_LAKE", path.display().to_string())],
            Self::Remote { environment, .. } => environment.clone(),
        }
    }

    /// As another program of ours is configured.
    ///
    /// # Errors
    /// When a variable is none of those that configure a lake.
    pub fn place(&self) -> Result<Place> {
        let Self::Remote { environment, .. } = self else {
            return Ok(Place::Folder(self.path()?.to_owned()));
        };
        Ok(Place::Remote(Box::new(remote(environment)?)))
    }

    /// The properties of pyiceberg's catalog.
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

/// The data files of a table's current snapshot: below its folder, and open to read.
///
/// # Errors
/// When the table or one of them can't be read.
pub async fn data_files(lake: &Lake, table: &str) -> Result<Vec<(String, File)>> {
    let state = lake.state(table).await?;
    let mut files = Vec::new();
    for file in &state.files {
        let path = state.path(file).context("it lies outside of its table")?;
        files.push((path.to_owned(), lake.open_file(table, path).await?));
    }
    Ok(files)
}

/// What the environment says of a lake on a store. Each variable has a flag of the same name.
fn remote(environment: &[(&'static str, String)]) -> Result<RemoteLake> {
    let mut arguments = vec!["tests".to_owned()];
    for (variable, value) in environment {
        let name = variable.trim_start_matches("LAKEFRONT_").to_lowercase();
        arguments.push(format!("--{}", name.replace('_', "-")));
        if value != "true" {
            arguments.push(value.clone());
        }
    }
    let command = RemoteLake::augment_args(clap::Command::new("tests"));
    let matches = command.try_get_matches_from(arguments)?;
    Ok(RemoteLake::from_arg_matches(&matches)?)
}
