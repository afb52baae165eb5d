//! Reads the views from `queries/*/mv_*.sql`, checks them and hashes their definitions. Each fault fails the build with
//! a sentence that describes it.

mod files;
#[path = "../src/sql_text.rs"]
#[expect(
    dead_code,
    reason = "some of it only the build script of `crates/query` calls"
)]
mod sql_text;
mod version;
#[path = "../src/view.rs"]
mod view;
mod view_file;

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use serde::Deserialize;
use view::View;

fn main() {
    // The path is relative to the package: an absolute one would rebuild the crate in every other checkout.
    let queries = Path::new("../../queries");
    println!("cargo::rerun-if-changed={}", queries.display());
    println!("cargo::rustc-env=LAKEFRONT_RAW_VERSION={}", version::raw());
    match read(queries) {
        Ok(views) => write("views.json", &views),
        Err(faults) => {
            for fault in &faults {
                println!("cargo::error={fault}");
            }
            process::exit(1);
        }
    }
}

/// A folder of `queries/`, as far as it concerns views.
struct Folder {
    /// The name of the folder, which is also the query's name.
    name: String,
    /// The view that the query reads, if it reads one.
    read: Option<ViewRead>,
    /// Names (without `.sql`) and texts of the files `mv_*.sql`.
    views: Vec<(String, String)>,
}

/// The part of a view that one query reads.
struct ViewRead {
    view: String,
    /// Number of days before today that the query may reach back.
    days: u16,
    /// True if the query reads whole days from the view by day.
    whole_days: bool,
}

/// The fields of `query.toml` that concern views. The build script of `crates/query` checks the file.
#[derive(Deserialize)]
struct QueryToml {
    #[serde(default)]
    look_back_days: u16,
    hot: Option<HotToml>,
}

#[derive(Deserialize)]
struct HotToml {
    view: Option<String>,
    retention_days: Option<u16>,
    #[serde(default)]
    whole_days: bool,
}

/// Returns all views with their versions, sorted by name, or one sentence per fault.
fn read(queries: &Path) -> Result<Vec<View>, Vec<String>> {
    let folders = files::folders(queries).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let folders: Vec<Folder> = folders
        .iter()
        .filter_map(|path| Folder::read(path).map_err(|fault| faults.push(fault)).ok())
        .collect();
    let mut views = Vec::new();
    for folder in &folders {
        for (name, sql) in &folder.views {
            let reads = || {
                folders
                    .iter()
                    .filter_map(|other| other.read.as_ref())
                    .filter(|read| read.view == *name)
            };
            let Some(days) = reads().map(|read| read.days).max() else {
                faults.push(format!(
                    "queries/{}/{name}.sql: no query.toml names it",
                    folder.name
                ));
                continue;
            };
            match view_file::parse(&folder.name, name, sql, days) {
                Ok(view) => {
                    let whole_days = reads().filter(|read| read.whole_days).map(|read| read.days).max();
                    views.extend(
                        whole_days
                            .and_then(|days| view.by_day(days))
                            .map(version::versioned),
                    );
                    views.push(version::versioned(view));
                }
                Err(found) => faults.extend(found),
            }
        }
    }
    views.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in views.windows(2) {
        if pair[0].name == pair[1].name {
            faults.push(format!("queries/: {} is defined twice", pair[0].name));
        }
    }
    if faults.is_empty() { Ok(views) } else { Err(faults) }
}

impl Folder {
    fn read(path: &Path) -> Result<Self, String> {
        let name = files::name(path);
        let toml = files::text(&path.join("query.toml"))?;
        let declared: QueryToml =
            toml::from_str(&toml).map_err(|error| format!("queries/{name}/query.toml: {error}"))?;
        let read = declared.hot.and_then(|hot| {
            Some(ViewRead {
                view: hot.view?,
                days: hot.retention_days?.saturating_add(declared.look_back_days),
                whole_days: hot.whole_days,
            })
        });
        let mut views = Vec::new();
        for file in files::entries(path)? {
            let name = files::name(&file);
            if let Some(name) = name.strip_suffix(".sql").filter(|name| name.starts_with("mv_")) {
                views.push((name.to_owned(), files::text(&file)?));
            }
        }
        Ok(Self { name, read, views })
    }
}

fn write(file: &str, views: &[View]) {
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
    let json = serde_json::to_vec(views).expect("definitions are plain data");
    fs::write(&target, json).expect("cargo made OUT_DIR");
}
