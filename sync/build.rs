//! Puts the migrations of `clickhouse/migrations` into the binary.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

fn main() -> io::Result<()> {
    // Relative to the package, and the text itself in the list: with absolute paths every other checkout would build this again.
    let folder = Path::new("../clickhouse/migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut list = String::from("&[");
    for file in files {
        let path = file.path();
        println!("cargo::rerun-if-changed={}", path.display());
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let numbered = stem
            .split_once('_')
            .and_then(|(version, name)| Some((version.parse::<u32>().ok()?, name)));
        let Some((version, name)) = numbered else {
            return Err(io::Error::other(format!("{stem}: expected NNNN_name.sql")));
        };
        let sql = fs::read_to_string(&path)?;
        let sha256 = Sha256::digest(&sql);
        let hex = sha256
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let _ = writeln!(
            list,
            "Migration {{ version: {version}, name: {name:?}, sha256: {hex:?}, sql: {sql:?} }},"
        );
    }
    list.push(']');
    let out = Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("migrations.rs");
    fs::write(out, list)
}
