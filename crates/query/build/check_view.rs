//! Reads the definition of a view and says what in it is not true.

use crate::sql_text;
use crate::view::View;

/// Aggregate functions whose states merge to exactly the answer over all rows.
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

/// Reads `queries/<folder>/<name>.sql`: one statement per source, separated by `;`.
///
/// # Errors
/// A sentence for each thing that is not true, beginning with the file.
pub fn check_view(folder: &str, name: &str, sql: &str, retention_days: u16) -> Result<View, Vec<String>> {
    let file = format!("queries/{folder}/{name}.sql");
    let mut faults = Vec::new();
    let mut view = View {
        name: name.into(),
        version: String::new(),
        retention_days,
        sources: Vec::new(),
        selects: Vec::new(),
        keys: Vec::new(),
        states: Vec::new(),
    };
    for (at, select) in sql
        .split(';')
        .map(str::trim)
        .filter(|select| !select.is_empty())
        .enumerate()
    {
        let statement = match Select::read(select) {
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
            view.states = statement.states;
        } else if (&view.keys, &view.states) != (&statement.keys, &statement.states) {
            faults.push(format!(
                "the statement over {} has other columns than the first",
                statement.source
            ));
        }
        view.sources.push(statement.source);
        view.selects.push(select.into());
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

/// What one statement of a view says.
struct Select {
    source: String,
    keys: Vec<String>,
    states: Vec<String>,
}

impl Select {
    fn read(sql: &str) -> Result<Self, String> {
        let blanked = sql_text::blank(sql);
        let source = source(sql, &blanked)?;
        if let Some((name, _)) = sql_text::placeholders(&blanked).first() {
            return Err(format!("{{{name}}} is used, but a view has no parameters"));
        }
        let keys = sql_text::group_by(&blanked);
        let has = |names: [&str; 2]| names.iter().all(|name| keys.contains(name));
        let has_time = matches!(keys[..], ["Bucket" | "Day", ..]) || has(["Timestamp", "RowId"]);
        if !has_time || !has(["ServiceName", "Environment"]) {
            return Err(
                "expected GROUP BY Bucket (or Day), …, or with Timestamp and RowId; and with ServiceName and Environment".into(),
            );
        }
        let mut states = Vec::new();
        let mut selected = Vec::new();
        for item in sql_text::select_items(&blanked)? {
            let (Some(function), Some(name)) = (item.first(), item.last()) else {
                return Err("an empty column".into());
            };
            if keys.contains(name) {
                selected.push(*name);
            } else if is_exact_state(function) {
                states.push((*name).to_owned());
            } else {
                return Err(format!(
                    "{name} is neither in GROUP BY nor the state of a function that merges exactly ({}), with or without If",
                    EXACT.join(", ")
                ));
            }
        }
        if selected != keys {
            return Err(format!(
                "expected the columns to begin with those of GROUP BY, in its order: {}",
                keys.join(", ")
            ));
        }
        Ok(Self {
            source,
            keys: keys.into_iter().map(str::to_owned).collect(),
            states,
        })
    }
}

/// The one raw table a statement reads. It is named once, also in comments, because it is replaced.
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
