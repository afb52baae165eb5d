//! Debian packages, installed by apt-get.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::announce;
use lakefront_launcher::process;

/// Installs the packages whose path or command is missing, with `sudo` if the user is not root. Each pair is a package
/// and the path or command that shows its presence.
///
/// # Errors
/// Returns an error with the packages to install if the system has no apt-get or no sudo. Returns an error if apt-get
/// fails.
pub fn install(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = packages
        .iter()
        .filter(|(_, shown_by)| !present(shown_by))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !present("apt-get") {
        bail!(
            "this system has no apt-get: install what Debian calls {}",
            missing.join(" ")
        );
    }
    let root = process::output(Command::new("id").arg("-u")).as_deref() == Some("0");
    if !root && !present("sudo") {
        bail!("run as root: apt-get install {}", missing.join(" "));
    }
    announce(&format!("{} by apt-get", missing.join(" ")));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.arg("apt-get");
        }
        command
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&command)
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], missing.as_slice()].concat())
}

/// Returns true if `shown_by` exists: a path, with at most one `*` in a component, or the name of a command.
fn present(shown_by: &str) -> bool {
    if !shown_by.starts_with('/') {
        let path = std::env::var_os("PATH").unwrap_or_default();
        return std::env::split_paths(&path).any(|folder| folder.join(shown_by).exists());
    }
    let mut found = vec![Path::new("/").to_owned()];
    for part in shown_by.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|folder| matching(folder, part)).collect();
    }
    !found.is_empty()
}

fn matching(folder: &Path, part: &str) -> Vec<std::path::PathBuf> {
    let Some((head, rest)) = part.split_once('*') else {
        let path = folder.join(part);
        return if path.exists() { vec![path] } else { Vec::new() };
    };
    let tail: Vec<_> = rest.split('*').collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix(head).is_some_and(|mut rest| {
                tail.iter().all(|piece| match rest.find(piece) {
                    Some(at) => {
                        rest = &rest[at + piece.len()..];
                        true
                    }
                    None => false,
                })
            })
        })
        .map(|entry| entry.path())
        .collect()
}
