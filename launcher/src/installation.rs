//! The paths of the stack's programs and files.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

/// The programs of the stack, in a build folder or an unpacked archive.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The folder of `lakefront-ingest` and the other programs.
    pub programs: PathBuf,
    /// Cloudflare's runtime `workerd`, which runs the Worker.
    pub workerd: PathBuf,
    /// The Worker and the static files, as `cargo xtask bundle` lays them out.
    pub bundle: PathBuf,
    /// The folder of MinIO and the Iceberg REST catalog. Only `cargo xtask up --lake s3` has one.
    pub object_store: Option<PathBuf>,
}

impl Installation {
    /// Returns the installation of a release archive: the folders beside the running program.
    ///
    /// # Errors
    /// Returns an error if the program's own path is unknown.
    pub fn beside_this_program() -> Result<Self> {
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let root = program.parent().context("this program is in no folder")?;
        Ok(Self {
            programs: root.join("bin"),
            workerd: root.join("bin/workerd"),
            bundle: root.join("bundle"),
            object_store: None,
        })
    }

    /// Returns the path of a program in the folder of programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Returns a command that runs a program of the folder of programs.
    pub fn command(&self, name: &str) -> Command {
        Command::new(self.program(name))
    }

    /// Returns the command that serves the bundle on a port of 127.0.0.1. The Worker's variables are its environment.
    pub fn worker(&self, port: u16) -> Command {
        let mut command = Command::new(&self.workerd);
        command
            // The configuration names the site relative to this folder. Static assets need --experimental.
            .current_dir(&self.bundle)
            .args(["serve", "--experimental", "workerd.capnp", "--socket-addr"])
            .arg(format!("http=127.0.0.1:{port}"));
        command
    }

    /// Returns the paths of required files that are missing.
    pub fn missing(&self) -> Vec<PathBuf> {
        let programs = ["ingest", "chdb-container", "sync", "demo"]
            .map(|name| self.program(&format!("lakefront-{name}")));
        let others = [self.workerd.clone(), self.bundle.join("workerd.capnp")];
        programs
            .into_iter()
            .chain(others)
            .filter(|path| !path.is_file())
            .collect()
    }
}

/// Returns `lakefront` in the user's data folder, the default place of lakes without `--data`.
///
/// # Errors
/// Returns an error if neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn data_folder() -> Result<PathBuf> {
    let folder = user_folder("XDG_DATA_HOME", ".local/share").context("no place for data: pass --data")?;
    Ok(folder.join("lakefront"))
}

/// Returns the folder that a variable names, else one below the user's home.
///
/// # Errors
/// Returns an error if neither the variable nor `HOME` is set.
pub fn user_folder(variable: &str, below_home: &str) -> Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
    };
    set(variable)
        .or_else(|| Some(set("HOME")?.join(below_home)))
        .with_context(|| format!("neither {variable} nor HOME is set"))
}
