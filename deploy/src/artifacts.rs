//! The files that are deployed: which of them are missing, and the name of their state.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::plan::Deployments;
use crate::system::{Files, Program, Streams, System, clickhouse, worker};

/// Folders that `.dockerignore` never lets in.
const NEVER: [&str; 2] = ["node_modules", "target"];

/// Returns the paths of required files that are missing.
pub fn missing(system: &System, files: &Files) -> Vec<PathBuf> {
    let mut required = vec![
        files.bundle.join("worker/index.js"),
        files.bundle.join("site/_headers"),
        files.source.join(".dockerignore"),
        files.source.join("chdb-container/Dockerfile"),
    ];
    if system.config.lands_by_pipelines() {
        required.push(files.source.join("ingest/Dockerfile"));
    }
    if !system.apps.is_empty() {
        required.extend(
            [
                "clickhouse/config.d/lakefront.xml",
                "clickhouse/users.d/lakefront.xml",
                "sync/Dockerfile",
            ]
            .map(|file| files.source.join(file)),
        );
    }
    required.retain(|path| !path.is_file());
    required
}

/// Returns the names of the states of all files and values. A state is left out while a file is missing, or a stream has no address yet.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn deployments(system: &System, files: &Files, streams: &Streams) -> Result<Deployments> {
    if !missing(system, files).is_empty() {
        return Ok(Deployments::default());
    }
    let mut deployments = Deployments::default();
    // The state is the same in every checkout.
    let anywhere = Files::new(PathBuf::from("/source"), Some(PathBuf::from("/bundle")));
    let has_streams = streams.len() * lakefront_landing::Kind::ALL.len() == system.landing.len();
    if has_streams {
        let mut state = State::new();
        state.text(&worker::configuration(system, &anywhere, streams, "")?.to_string());
        state.folder(&files.bundle.join("worker"))?;
        state.folder(&files.bundle.join("site"))?;
        state.image(files, "chdb-container/Dockerfile")?;
        if system.config.lands_by_pipelines() {
            state.image(files, "ingest/Dockerfile")?;
        }
        deployments.worker = Some(state.name());
    }
    for app in &system.apps {
        let mut state = State::new();
        state.text(&clickhouse::configuration(system, app, &anywhere, "")?);
        match app.program {
            Program::Clickhouse => {
                state.folder(&files.source.join("clickhouse/config.d"))?;
                state.folder(&files.source.join("clickhouse/users.d"))?;
            }
            Program::Sync => state.image(files, "sync/Dockerfile")?,
        }
        deployments.apps.insert(app.name.clone(), state.name());
    }
    Ok(deployments)
}

/// The state of files and values.
struct State(blake3::Hasher);

impl State {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    /// Adds a text. Its length separates it from the next one.
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds the names and contents of all files of a folder, or one file.
    fn folder(&mut self, path: &Path) -> Result<()> {
        let read = |cause| Error::Read {
            file: path.to_owned(),
            cause,
        };
        if path.is_file() {
            let name = path.file_name().unwrap_or_default();
            self.text(&name.to_string_lossy());
            self.bytes(&fs::read(path).map_err(read)?);
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(read)? {
            let entry = entry.map_err(read)?;
            if !NEVER.iter().any(|never| entry.file_name() == *never) {
                entries.push(entry.path());
            }
        }
        entries.sort();
        self.text(&format!("{} files", entries.len()));
        for entry in entries {
            self.folder(&entry)?;
        }
        Ok(())
    }

    /// Adds a Dockerfile and the build context: `.dockerignore` lists what is let in, a path a line.
    fn image(&mut self, files: &Files, dockerfile: &str) -> Result<()> {
        let ignore = files.source.join(".dockerignore");
        let listed = fs::read_to_string(&ignore).map_err(|cause| Error::Read { file: ignore, cause })?;
        self.folder(&files.source.join(dockerfile))?;
        for let_in in listed.lines().filter_map(|line| line.strip_prefix('!')) {
            self.folder(&files.source.join(let_in))?;
        }
        Ok(())
    }

    /// Returns the first 64 bits in hexadecimal digits.
    fn name(&self) -> String {
        self.0.finalize().to_hex()[..16].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_changes_with_names_and_contents_alone() {
        let folder = tempfile::tempdir().unwrap();
        let name = || {
            let mut state = State::new();
            state.folder(folder.path()).unwrap();
            state.name()
        };
        fs::write(folder.path().join("a"), "1").unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/c"), "2").unwrap();
        let first = name();
        assert_eq!(name(), first);
        fs::write(folder.path().join("b/c"), "3").unwrap();
        let second = name();
        assert_ne!(second, first);
        fs::rename(folder.path().join("b/c"), folder.path().join("b/d")).unwrap();
        assert_ne!(name(), second);
        fs::rename(folder.path().join("b/d"), folder.path().join("b/c")).unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/x"), "").unwrap();
        assert_eq!(name(), second);
    }
}
