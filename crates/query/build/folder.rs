//! Loads the files of the folders in `queries/`.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of one folder of `queries/`.
pub struct Folder {
    /// The name of the folder, which is also the query's name.
    pub name: String,
    /// The text of `query.toml`.
    pub toml: String,
    /// The text of `lake.sql`.
    pub lake_sql: String,
    /// The text of `hot.sql`, if the folder has one.
    pub hot_sql: Option<String>,
    /// Names (without `.sql`) and texts of the files `mv_*.sql`.
    pub views: Vec<(String, String)>,
}

impl Folder {
    /// Reads all folders, sorted by name. Also returns a sentence for each folder that cannot be read.
    pub fn all(queries: &Path) -> (Vec<Self>, Vec<String>) {
        let mut paths = match entries(queries) {
            Ok(paths) => paths,
            Err(fault) => return (Vec::new(), vec![fault]),
        };
        paths.retain(|path| path.is_dir());
        let mut folders = Vec::new();
        let mut faults = Vec::new();
        for path in paths {
            match Self::read(&path) {
                Ok(folder) => folders.push(folder),
                Err(fault) => faults.push(fault),
            }
        }
        (folders, faults)
    }

    fn read(path: &Path) -> Result<Self, String> {
        let mut views = Vec::new();
        for file in entries(path)? {
            if let Some(name) = stem(&file).filter(|name| name.starts_with("mv_")) {
                views.push((name, text(&file)?));
            }
        }
        let hot = path.join("hot.sql");
        Ok(Self {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            toml: text(&path.join("query.toml"))?,
            lake_sql: text(&path.join("lake.sql"))?,
            hot_sql: hot.exists().then(|| text(&hot)).transpose()?,
            views,
        })
    }
}

/// Returns the name of an SQL file without `.sql`.
fn stem(file: &Path) -> Option<String> {
    file.file_name()?
        .to_str()?
        .strip_suffix(".sql")
        .map(str::to_owned)
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(path).map_err(|error| format!("{}: cannot be listed: {error}", shown(path)))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", shown(path)))
}

/// Shortens a path for messages: the part from `queries` on.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.rfind("queries")
        .map_or_else(|| text.clone().into_owned(), |at| text[at..].to_owned())
}
