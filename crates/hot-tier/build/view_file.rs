//! Parses the definition of a view and reports its faults.

use crate::sql_text;
use crate::view::View;

/// Aggregate functions whose states merge to exactly the result over all rows.
const EXACT: [&str; 8] = [
    "count",
    "sum",
    "min",
    "max",
    "uniqCombined64",
    "quantilesDD",
    "windowFunnel",
    "groupUniqArrayArray",
];

/// Parses `queries/<folder>/<name>.sql`, which has one statement per source, separated by `;`. Sources with the same
/// statement share one: `FROM {otel_logs, otel_traces}`.
///
/// # Errors
/// One sentence per fault, beginning with the file.
pub fn parse(folder: &str, name: &str, sql: &str, retention_days: u16) -> Result<View, Vec<String>> {
    let file = format!("queries/{folder}/{name}.sql");
    let mut faults = Vec::new();
    let mut view = View {
        name: name.into(),
        version: String::new(),
        retention_days,
        sources: Vec::new(),
        selects: Vec::new(),
        keys: Vec::new(),
        others: Vec::new(),
    };
    for (at, select) in sql
        .split(';')
        .map(str::trim)
        .filter(|select| !select.is_empty())
        .flat_map(one_per_source)
        .enumerate()
    {
        let statement = match Select::read(&select) {
            Ok(statement) => statement,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        if view.sources.contains(&statement.source) {
            faults.push(format!("two statements read {}", statement.source));
        }
        if at == 0 {
            view.keys = statement.keys;
            view.others = statement.others;
        } else if (&view.keys, &view.others) != (&statement.keys, &statement.others) {
            faults.push(format!(
                "the statement over {} has other columns than the first",
                statement.source
            ));
        }
        view.sources.push(statement.source);
        view.selects.push(statement.sql);
    }
    if view.sources.is_empty() && faults.is_empty() {
        faults.push("expected a SELECT".into());
    }
    if faults.is_empty() {
        Ok(view)
    } else {
        Err(faults
            .into_iter()
            .map(|fault| format!("{file}: {fault}"))
            .collect())
    }
}

/// Returns a statement over `{otel_logs, otel_traces}` once for each of the tables, any other statement as it is. A
/// comment before `SELECT` stays with the first only.
fn one_per_source(select: &str) -> Vec<String> {
    let blanked = sql_text::blank(select);
    let list = blanked.split_once("FROM {").and_then(|(before, rest)| {
        let (names, _) = rest.split_once('}').filter(|(names, _)| !names.contains(':'))?;
        Some((before.len() + "FROM ".len(), names))
    });
    let Some((at, names)) = list else {
        return vec![select.to_owned()];
    };
    let mut words = sql_text::words(&blanked).filter(|(_, word)| *word == "SELECT");
    let after_comment = words.next().map_or(0, |(begin, _)| begin);
    let (before, after) = (&select[..at], &select[at + names.len() + "{}".len()..]);
    names
        .split(',')
        .enumerate()
        .map(|(index, name)| {
            let begin = if index == 0 { 0 } else { after_comment };
            format!("{}{}{after}", &before[begin..], name.trim())
        })
        .collect()
}

/// One statement of a view.
struct Select {
    /// The text without `ORDER BY`, which becomes the sort key of the table.
    sql: String,
    source: String,
    keys: Vec<String>,
    others: Vec<String>,
}

impl Select {
    fn read(sql: &str) -> Result<Self, String> {
        let blanked = sql_text::blank(sql);
        let source = source(sql, &blanked)?;
        if let Some((name, _)) = sql_text::placeholders(&blanked).first() {
            return Err(format!("{{{name}}} is used, but a view has no parameters"));
        }
        let grouped = sql_text::group_by(&blanked);
        let of_rows = grouped.is_empty();
        let keys: Vec<&str> = match of_rows {
            true => sql_text::order(&blanked)
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            false => grouped,
        };
        let has_time = match of_rows {
            true => keys.ends_with(&["Timestamp", "RowId"]),
            false => matches!(keys[..], ["Bucket" | "Day", ..]),
        };
        let columns = sql_text::select_list(&blanked)?;
        // A view of single rows has the service and the environment among its columns. Aggregate states need them as
        // keys.
        let named = if of_rows { &columns } else { &keys };
        if !has_time
            || !["ServiceName", "Environment"]
                .iter()
                .all(|name| named.contains(name))
        {
            return Err(
                "expected GROUP BY Bucket (or Day), …, with ServiceName and Environment; or for rows ORDER BY …, Timestamp, RowId, and columns ServiceName and Environment".into(),
            );
        }
        let mut selected = Vec::new();
        let mut others = Vec::new();
        for item in sql_text::select_items(&blanked)? {
            let (Some(function), Some(name)) = (item.first(), item.last()) else {
                return Err("an empty column".into());
            };
            if keys.contains(name) {
                selected.push(*name);
            } else if of_rows || is_exact_state(function) {
                others.push(*name);
            } else {
                return Err(format!(
                    "{name} is neither in GROUP BY nor the state of a function that merges exactly ({}), with or without If",
                    EXACT.join(", ")
                ));
            }
        }
        if selected != keys {
            return Err(format!(
                "expected the columns to begin with those of {}, in its order: {}",
                if of_rows { "ORDER BY" } else { "GROUP BY" },
                keys.join(", ")
            ));
        }
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let mut words = sql_text::words(&blanked).filter(|(_, word)| of_rows && *word == "ORDER");
        let end = words.next().map_or(sql.len(), |(at, _)| at);
        Ok(Self {
            sql: sql[..end].trim_end().into(),
            source,
            keys: owned(keys),
            others: owned(others),
        })
    }
}

/// Returns the one raw table that a statement reads. The name may occur only once, comments included, because it is
/// replaced in the text.
fn source(sql: &str, blanked: &str) -> Result<String, String> {
    let tables = |text| -> Vec<String> {
        let words = sql_text::words(text).map(|(_, word)| word);
        words
            .filter(|word| word.starts_with("otel_"))
            .map(str::to_owned)
            .collect()
    };
    let named = tables(sql);
    match &tables(blanked)[..] {
        [one] if named.len() == 1 => Ok(one.clone()),
        _ => Err(format!(
            "expected one raw table, named once; found {}",
            named.join(", ")
        )),
    }
}

fn is_exact_state(function: &str) -> bool {
    function
        .strip_suffix("SimpleState")
        .or_else(|| function.strip_suffix("State"))
        .map(|function| function.strip_suffix("If").unwrap_or(function))
        .is_some_and(|function| EXACT.contains(&function))
}
