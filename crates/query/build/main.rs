//! Builds the catalogue from `queries/*/`. Each inconsistency fails the build with a sentence that describes it.

mod check;
#[path = "../src/definition.rs"]
mod definition;
#[path = "../../hot-tier/build/files.rs"]
mod files;
mod prices;
mod search;

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use check::{Checked, HotQuery, check};
use definition::Definition;
use lakefront_hot_tier::{HotStatement, views};
use lakefront_otel::RAW_RETENTION_DAYS;

fn main() {
    // The path is relative to the package: an absolute one would rebuild the crate in every other checkout.
    let queries = Path::new("../../queries");
    println!("cargo::rerun-if-changed={}", queries.display());
    println!("cargo::rerun-if-changed=search");
    match read(queries) {
        Ok(catalogue) => {
            write("catalogue.json", &catalogue);
            write("search.json", &search::definitions());
        }
        Err(faults) => {
            for fault in &faults {
                println!("cargo::error={fault}");
            }
            process::exit(1);
        }
    }
}

/// Returns all named queries, or one sentence per fault.
fn read(queries: &Path) -> Result<Vec<Definition>, Vec<String>> {
    let folders = files::folders(queries).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let checked: Vec<Checked> = folders
        .iter()
        .filter_map(|folder| checked(folder).map_err(|found| faults.extend(found)).ok())
        .collect();
    check_suggestions(&checked, &mut faults);
    let mut catalogue = Vec::new();
    for Checked {
        info,
        look_back_days,
        lake_sql,
        hot,
    } in checked
    {
        let hot = match hot
            .map(|hot| statement(hot, &lake_sql, look_back_days))
            .transpose()
        {
            Ok(hot) => hot,
            Err(fault) => {
                faults.push(format!("queries/{}/query.toml: {fault}", info.name));
                continue;
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
        Ok(catalogue)
    } else {
        Err(faults)
    }
}

/// Reads and checks one folder.
fn checked(folder: &Path) -> Result<Checked, Vec<String>> {
    let text = |name: &str| {
        let text = files::text(&folder.join(name)).map_err(|fault| vec![fault])?;
        let place = format!("queries/{}/{name}", files::name(folder));
        prices::insert(&text).map_err(|fault| vec![format!("{place}: {fault}")])
    };
    let hot_sql = match folder.join("hot.sql").exists() {
        true => Some(text("hot.sql")?),
        false => None,
    };
    check(
        &files::name(folder),
        &text("query.toml")?,
        &text("lake.sql")?,
        hot_sql.as_deref(),
        RAW_RETENTION_DAYS,
    )
}

/// Returns the statement for ClickHouse.
fn statement(hot: HotQuery, lake_sql: &str, look_back_days: u16) -> Result<HotStatement, String> {
    let (name, sql, retention_days, whole_days) = match hot {
        HotQuery::Indexed => {
            let raw_tables = lakefront_otel::tables().iter().map(|table| table.name);
            return Ok(HotStatement::on_raw_tables(
                lake_sql,
                raw_tables,
                RAW_RETENTION_DAYS,
            ));
        }
        HotQuery::View {
            view,
            sql,
            retention_days,
            whole_days,
        } => (view, sql, retention_days, whole_days),
    };
    let find = |name: &str| views().iter().find(|view| view.name == name);
    let view = find(&name).ok_or_else(|| format!("hot.view `{name}` is in no folder"))?;
    let by_day = match whole_days {
        true => Some(find(&format!("{name}_by_day")).ok_or_else(|| {
            format!("hot.whole_days, but {name} has no Bucket of toStartOfFifteenMinutes(Timestamp)")
        })?),
        false => None,
    };
    Ok(HotStatement::on_view(
        &sql,
        view,
        by_day,
        retention_days + look_back_days,
    ))
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

fn write(file: &str, catalogue: &[Definition]) {
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
    let json = serde_json::to_vec(catalogue).expect("definitions are plain data");
    fs::write(&target, json).expect("cargo made OUT_DIR");
}
