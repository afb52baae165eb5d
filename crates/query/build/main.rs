//! Builds the catalogue and the views from `queries/*/`. Each inconsistency fails the build with a sentence that
//! describes it.

mod check;
mod check_view;
#[path = "../src/definition.rs"]
mod definition;
mod folder;
mod hot;
mod sql_text;
mod version;
#[path = "../src/view.rs"]
mod view;

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use check::{Checked, HotQuery, check};
use check_view::check_view;
use definition::Definition;
use folder::Folder;
use lakefront_otel::RAW_RETENTION_DAYS;
use serde::Serialize;
use view::View;

fn main() {
    // The path is relative to the package: an absolute one would rebuild the crate in every other checkout.
    let queries = Path::new("../../queries");
    println!("cargo::rerun-if-changed={}", queries.display());
    let raw_version = version::raw();
    println!("cargo::rustc-env=LAKEFRONT_RAW_VERSION={raw_version}");
    match read(queries, &raw_version) {
        Ok((catalogue, views)) => {
            write("catalogue.json", &catalogue);
            write("views.json", &views);
        }
        Err(faults) => {
            for fault in &faults {
                println!("cargo::error={fault}");
            }
            process::exit(1);
        }
    }
}

/// Returns all named queries and all views, or one sentence per fault.
fn read(queries: &Path, raw_version: &str) -> Result<(Vec<Definition>, Vec<View>), Vec<String>> {
    let (folders, mut faults) = Folder::all(queries);
    let checked: Vec<Checked> = folders
        .iter()
        .filter_map(|folder| {
            let Folder {
                name,
                toml,
                lake_sql,
                hot_sql,
                ..
            } = folder;
            check(name, toml, lake_sql, hot_sql.as_deref(), RAW_RETENTION_DAYS)
                .map_err(|found| faults.extend(found))
                .ok()
        })
        .collect();
    let mut views = Vec::new();
    for folder in &folders {
        for (name, sql) in &folder.views {
            match retention(&checked, name) {
                None => faults.push(format!(
                    "queries/{}/{name}.sql: no query.toml names it",
                    folder.name
                )),
                Some(days) => match check_view(&folder.name, name, sql, days) {
                    Ok(view) => {
                        views.extend(by_day(&checked, &view).map(version::versioned));
                        views.push(version::versioned(view));
                    }
                    Err(found) => faults.extend(found),
                },
            }
        }
    }
    views.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in views.windows(2) {
        if pair[0].name == pair[1].name {
            faults.push(format!("queries/: {} is defined twice", pair[0].name));
        }
    }
    check_suggestions(&checked, &mut faults);
    let mut catalogue = Vec::new();
    for Checked {
        info,
        look_back_days,
        lake_sql,
        hot,
    } in checked
    {
        let hot = match hot {
            None => None,
            Some(HotQuery::Indexed) => Some(hot::indexed(&lake_sql, raw_version, RAW_RETENTION_DAYS)),
            Some(HotQuery::View {
                view,
                sql,
                retention_days,
                whole_days,
            }) => {
                let find = |name: &str| views.iter().find(|one| one.name == name);
                let by_day = find(&format!("{view}_by_day"));
                let Some(view) = find(&view) else {
                    faults.push(format!(
                        "queries/{}/query.toml: hot.view `{view}` is in no folder",
                        info.name
                    ));
                    continue;
                };
                if whole_days && by_day.is_none() {
                    faults.push(format!(
                        "queries/{}/query.toml: hot.whole_days, but {} has no Bucket of toStartOfFifteenMinutes(Timestamp)",
                        info.name, view.name
                    ));
                    continue;
                }
                let by_day = by_day.filter(|_| whole_days);
                Some(hot::on_view(&sql, view, by_day, retention_days + look_back_days))
            }
        };
        catalogue.push(Definition {
            info,
            look_back_days,
            lake_sql,
            hot,
        });
    }
    if faults.is_empty() {
        Ok((catalogue, views))
    } else {
        Err(faults)
    }
}

/// Checks that each `params.suggest` names a query without required parameters that returns a column of the parameter's
/// name.
fn check_suggestions(checked: &[Checked], faults: &mut Vec<String>) {
    for query in checked {
        for param in &query.info.params {
            let Some(source) = &param.suggest else { continue };
            let other = checked.iter().find(|other| other.info.name == *source);
            let fits = other.is_some_and(|other| {
                !other.info.params.iter().any(lakefront_api::ParamInfo::required)
                    && other.info.columns.iter().any(|column| column.name == param.name)
            });
            if !fits {
                faults.push(format!(
                    "queries/{}/query.toml: params.suggest names `{source}`, which is no query without required parameters and with a column `{}`",
                    query.info.name, param.name
                ));
            }
        }
    }
}

/// Returns the number of days that a view has to keep: the largest number over its queries. Returns `None` for a view
/// that no query uses.
fn retention(checked: &[Checked], name: &str) -> Option<u16> {
    readers(checked, name).map(|(days, _)| days).max()
}

/// Returns the view by day beside `view`, if a query reads whole days from it.
fn by_day(checked: &[Checked], view: &View) -> Option<View> {
    let wanted = readers(checked, &view.name).filter(|(_, whole_days)| *whole_days);
    view.by_day(wanted.map(|(days, _)| days).max()?)
}

/// Returns, for each query on a view, the number of days it may reach back, and whether it reads whole days.
fn readers(checked: &[Checked], name: &str) -> impl Iterator<Item = (u16, bool)> {
    checked.iter().filter_map(move |query| match &query.hot {
        Some(HotQuery::View {
            view,
            retention_days,
            whole_days,
            ..
        }) if view == name => Some((*retention_days + query.look_back_days, *whole_days)),
        _ => None,
    })
}

fn write(file: &str, value: &impl Serialize) {
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
    let json = serde_json::to_vec(value).expect("definitions are plain data");
    fs::write(&target, json).expect("cargo made OUT_DIR");
}
