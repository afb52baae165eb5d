//! Hashes the sources of the mapping from OTLP to rows into `LAKEFRONT_MAPPING_VERSION`, so that the version changes
//! without a manual step.

use std::fs;
use std::path::{Path, PathBuf};

/// Sources of the mapping, in which any change changes the version. `Cargo.toml` is one because of the versions of
/// libraries.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "src/map",
    "src/tables",
    "src/tables.rs",
    "src/map.rs",
];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(Path::new(source), &mut files);
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let content = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        hasher.update(file.to_string_lossy().as_bytes()).update(&[0]);
        // Line endings depend on the checkout and do not affect the mapping.
        hasher
            .update(content.replace("\r\n", "\n").as_bytes())
            .update(&[0]);
    }
    println!(
        "cargo::rustc-env=LAKEFRONT_MAPPING_VERSION={}",
        &hasher.finalize().to_hex()[..16]
    );
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        println!("cargo::rerun-if-changed={}", path.display());
        let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for entry in entries.flatten() {
            collect(&entry.path(), files);
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
}
