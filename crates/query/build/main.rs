//! Turns `queries/*/` into the catalogue, and fails the build with a sentence for each thing that is not true.

mod check;
#[path = "../src/definition.rs"]
mod definition;
mod sql_text;

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use definition::Definition;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries");
    println!("cargo::rerun-if-changed={}", folder.display());
    let (definitions, faults) = read(&folder);
    for fault in &faults {
        println!("cargo::error={fault}");
    }
    if !faults.is_empty() {
        process::exit(1);
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("catalogue.json");
    let json = serde_json::to_vec(&definitions).expect("definitions are plain data");
    fs::write(&target, json).expect("cargo made OUT_DIR");
}

/// Every folder that holds a `query.toml`, by name, and what is wrong with them.
fn read(folder: &Path) -> (Vec<Definition>, Vec<String>) {
    let mut folders: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect(),
        Err(error) => return (Vec::new(), vec![format!("queries/: cannot be listed: {error}")]),
    };
    folders.sort();
    let mut definitions = Vec::new();
    let mut faults = Vec::new();
    for path in folders {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut text = |file: &str| {
            fs::read_to_string(path.join(file))
                .map_err(|error| faults.push(format!("queries/{name}/{file}: cannot be read: {error}")))
        };
        if let (Ok(toml), Ok(sql)) = (text("query.toml"), text("lake.sql")) {
            match check::check(&name, &toml, &sql) {
                Ok(definition) => definitions.push(definition),
                Err(found) => faults.extend(found),
            }
        }
    }
    (definitions, faults)
}
