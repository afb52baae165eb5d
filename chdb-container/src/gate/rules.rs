//! The rules on a statement's syntax tree: which tables, functions, settings and formats may occur in it.

use std::collections::BTreeSet;

use lakefront_clickhouse_http::{Exception, code};

use super::ast::Node;
use super::{denied, files, writes};
use crate::chdb::format;
use crate::rights::Rights;
use crate::{BEHIND_VIEWS, DATABASE};

/// The effects of a permitted statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The names of the tables that the statement reads. Names of common table expressions are included.
    pub tables: BTreeSet<String>,
    /// The format of the FORMAT clause, if there is one.
    pub format: Option<String>,
    /// True if the statement changes data or schema.
    pub writes: bool,
    /// True for a CREATE statement.
    pub creates: bool,
    /// True for SHOW CREATE TABLE, and for the columns of `system.tables` with the same text. The result includes the
    /// keys with which the engine reads the table's files.
    pub shows_definition: bool,
    /// True if other values of the parameters could lead to another verdict.
    pub depends_on_values: bool,
}

/// The names of the engine's table functions, formats and settings, from its own lists. Functions and formats are in
/// lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Table functions except the harmless ones.
    table_functions: BTreeSet<String>,
    formats: BTreeSet<String>,
    settings: BTreeSet<String>,
}

/// Table functions that compute rows from their arguments alone.
const HARMLESS_TABLE_FUNCTIONS: [&str; 7] = [
    "format",
    "generate_series",
    "generateseries",
    "numbers",
    "numbers_mt",
    "values",
    "view",
];

/// Tables of `system` that every caller may read: sources of rows, the settings, types, functions and formats of the
/// engine, and the tables that list tables. Of the last ones, callers who may only read see the rows that
/// `settings::Listed` names.
const HARMLESS_TABLES: [&str; 16] = [
    "system.columns",
    "system.data_type_families",
    "system.databases",
    "system.formats",
    "system.functions",
    "system.numbers",
    "system.numbers_mt",
    "system.one",
    "system.parts",
    "system.settings",
    "system.table_engines",
    "system.table_functions",
    "system.tables",
    "system.time_zones",
    "system.zeros",
    "system.zeros_mt",
];

/// Columns of `system.tables` with the statement that made a table, or a part of it.
const DEFINITIONS: [&str; 3] = ["as_select", "create_table_query", "engine_full"];

/// Further tables of `system` that callers who may write, and their client programs, may read.
const TABLES_OF_WRITERS: [&str; 10] = [
    "system.data_skipping_indices",
    "system.detached_parts",
    "system.disks",
    "system.events",
    "system.merges",
    "system.metrics",
    "system.mutations",
    "system.parts_columns",
    "system.processes",
    "system.projections",
];

/// Functions that read files, dictionaries, tables by name or facts about the machine, in lower case.
const REFUSED_FUNCTIONS: [&str; 11] = [
    "file",
    "filesystemavailable",
    "filesystemcapacity",
    "filesystemunreserved",
    "getmacro",
    "getserverport",
    "getserversetting",
    "hascolumnintable",
    "logtrace",
    "serveruuid",
    "showcertificate",
];

/// Prefixes of more refused functions, in lower case: those that read dictionaries, and those that call a model.
const REFUSED_PREFIXES: [&str; 9] = [
    "aiclassify",
    "aiembed",
    "aiextract",
    "aigenerate",
    "aitranslate",
    "catboost",
    "dictget",
    "dicthas",
    "dictisin",
];

/// Databases that callers may not read. `system.tables` means a table in every position, as in `x IN system.tables`.
const OTHER_DATABASES: [&str; 5] = [
    BEHIND_VIEWS,
    "_temporary_and_external_tables",
    "default",
    "information_schema",
    "system",
];

/// Functions that write rows in a format, which is their first argument.
const FORMATTING_FUNCTIONS: [&str; 2] = ["formatrow", "formatrownonewline"];

impl Names {
    /// Builds the lists from the names that the engine reports.
    pub fn new(table_functions: Vec<String>, formats: Vec<String>, settings: Vec<String>) -> Self {
        let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_ascii_lowercase());
        Self {
            table_functions: lower(table_functions)
                .filter(|name| !HARMLESS_TABLE_FUNCTIONS.contains(&name.as_str()))
                .collect(),
            formats: lower(formats).collect(),
            settings: settings.into_iter().collect(),
        }
    }

    /// Returns true for a setting of the engine, of queries or of tables.
    pub fn is_setting(&self, name: &str) -> bool {
        self.settings.contains(name)
    }

    /// Returns true for a function that no statement may call.
    fn refuses(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.table_functions.contains(&name) || is_refused_scalar(&name)
    }
}

fn is_refused_scalar(lower: &str) -> bool {
    REFUSED_FUNCTIONS.contains(&lower) || REFUSED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

fn is_readable(table: &str, rights: Rights) -> bool {
    HARMLESS_TABLES.contains(&table) || (rights.write && TABLES_OF_WRITERS.contains(&table))
}

/// Checks a parsed statement and returns its effects.
///
/// # Errors
/// `ACCESS_DENIED`, `READONLY` for settings that the caller may not change, and `UNKNOWN_FORMAT`.
pub fn check(nodes: &[Node<'_>], names: &Names, rights: Rights) -> Result<Verdict, Exception> {
    let root = nodes
        .first()
        .ok_or_else(|| denied("a statement without a tree"))?;
    let mut verdict = Verdict {
        writes: rights.write && writes::is_write(root),
        creates: root.kind == "CreateQuery",
        shows_definition: root.kind == "ShowCreateTableQuery",
        ..Verdict::default()
    };
    let has_columns = verdict.writes || root.kind == "SelectWithUnionQuery";
    match root.kind {
        _ if verdict.writes => writes::check(nodes)?,
        "SelectWithUnionQuery"
        | "DescribeQuery"
        | "ExistsTableQuery"
        | "ShowCreateTableQuery"
        | "ShowTables" => {}
        "Explain" if explains_a_select(nodes) => {}
        kind => {
            return Err(denied(&format!(
                "{kind} statements (use SELECT, DESCRIBE, EXISTS or SHOW TABLES)"
            )));
        }
    }
    verdict.shows_definition |= shows_definitions(nodes);
    let mut before = None;
    for (index, node) in nodes.iter().enumerate() {
        match node.kind {
            "TableIdentifier" => read_table(node.name, rights, &mut verdict)?,
            "Identifier" => {
                if has_columns {
                    identifier(node.name, rights)?
                } else {
                    operand(node.name, rights)?
                }
            }
            "Function" if verdict.writes && writes::is_engine_of(before, node) => {}
            "Function" if rights.files && files::reads_files(node) => files::check(nodes, index)?,
            "Function" if FORMATTING_FUNCTIONS.contains(&&*node.name.to_ascii_lowercase()) => {
                formatting(nodes, index)?;
                // The format is a literal or the value of a parameter.
                verdict.depends_on_values = true;
            }
            "Function"
                if before.is_some_and(|before| before.kind == "TableExpression") && is_format(node) =>
            {
                format::input(first_argument(nodes, index).unwrap_or_default())?;
                verdict.depends_on_values = true;
            }
            "Function" if names.refuses(node.name) => {
                return Err(denied(&format!("the function {}", node.name)));
            }
            // Under readonly=1 the engine refuses settings of the outermost query only. The settings of EXPLAIN itself
            // come first.
            "Set" if !rights.write && (root.kind != "Explain" || index != 1) => return Err(settings()),
            // The line of this node does not name the applied function.
            "ColumnsApplyTransformer" => return Err(denied("APPLY")),
            _ => {}
        }
        before = Some(node);
    }
    let format = output_format(nodes, root, names)?;
    verdict.format = format.filter(|_| !verdict.writes);
    Ok(verdict)
}

/// Returns true if a statement reads `system.tables` and may show the column with the statement that made a table.
fn shows_definitions(nodes: &[Node<'_>]) -> bool {
    let is_list = |node: &Node<'_>| node.name.eq_ignore_ascii_case("system.tables");
    let may_show = |node: &Node<'_>| match node.kind {
        "Identifier" => DEFINITIONS.iter().any(|column| node.name.ends_with(column)),
        kind => kind.ends_with("Asterisk") || kind.ends_with("Matcher"),
    };
    nodes.iter().any(is_list) && nodes.iter().any(may_show)
}

/// Returns the format of the FORMAT clause, if there is one: the last identifier below the root.
///
/// Some statements also have the names of their tables below the root. In such a statement an identifier is a format
/// only if the engine has a format of that name.
fn output_format(nodes: &[Node<'_>], root: &Node<'_>, names: &Names) -> Result<Option<String>, Exception> {
    let mut below = nodes
        .iter()
        .filter(|node| node.depth == 1 && node.kind == "Identifier");
    let last = match root.kind {
        "SelectWithUnionQuery" | "Explain" | "DescribeQuery" => below.try_fold(None, |_, node| {
            format::output(node.name)?;
            Ok::<_, Exception>(Some(node))
        })?,
        _ => below
            .next_back()
            .filter(|node| names.formats.contains(&node.name.to_ascii_lowercase())),
    };
    let Some(last) = last else { return Ok(None) };
    format::output(last.name)?;
    Ok(Some(last.name.to_owned()))
}

/// Checks the format of a function that writes rows, which is the function's first argument.
fn formatting(nodes: &[Node<'_>], index: usize) -> Result<(), Exception> {
    let name = nodes
        .get(index + 2)
        .filter(|node| node.kind == "Literal")
        .and_then(|_| first_argument(nodes, index));
    let name = name.ok_or_else(|| denied("formatRow with a format that is not written out"))?;
    format::output(name).map(drop)
}

fn is_format(function: &Node<'_>) -> bool {
    function.name.eq_ignore_ascii_case("format")
}

/// Returns the first argument of the function at `index` if that argument is a name or a text.
fn first_argument<'a>(nodes: &[Node<'a>], index: usize) -> Option<&'a str> {
    nodes
        .get(index + 1)
        .filter(|list| list.kind == "ExpressionList")?;
    let argument = nodes.get(index + 2)?;
    match argument.kind {
        "Identifier" => Some(argument.name),
        "Literal" => argument.name.strip_prefix('\'')?.strip_suffix('\''),
        _ => None,
    }
}

/// Returns true if an EXPLAIN explains a SELECT, not an INSERT or CREATE. Its other children may be settings of EXPLAIN
/// and a format.
fn explains_a_select(nodes: &[Node<'_>]) -> bool {
    let mut children = nodes.iter().filter(|node| node.depth == 1).map(|node| node.kind);
    children.all(|kind| matches!(kind, "Set" | "SelectWithUnionQuery" | "Identifier"))
}

/// Adds a table to the tables read, or refuses the table.
fn read_table(name: &str, rights: Rights, verdict: &mut Verdict) -> Result<(), Exception> {
    match name.split_once('.') {
        None => drop(verdict.tables.insert(name.into())),
        Some((DATABASE, table)) => drop(verdict.tables.insert(table.into())),
        Some(_) if is_readable(name, rights) => {}
        Some(_) => return Err(denied(&format!("the table {name}"))),
    }
    Ok(())
}

/// Checks a name in an expression. Most names are columns, but `IN` takes tables and `arrayMap` takes functions by
/// name.
fn identifier(name: &str, rights: Rights) -> Result<(), Exception> {
    let lower = name.to_ascii_lowercase();
    match lower.split_once('.') {
        Some((database, rest)) if OTHER_DATABASES.contains(&database) => {
            // The rest is a table, or a column of one.
            let table = rest.split('.').next().unwrap_or(rest);
            if is_readable(&format!("{database}.{table}"), rights) {
                return Ok(());
            }
            Err(denied(&format!("the table {name}")))
        }
        None if is_refused_scalar(&lower) || FORMATTING_FUNCTIONS.contains(&lower.as_str()) => Err(denied(
            &format!("the function {name} (give a column another alias)"),
        )),
        _ => Ok(()),
    }
}

/// Checks a name after SHOW, EXISTS or DESCRIBE.
fn operand(name: &str, rights: Rights) -> Result<(), Exception> {
    let lower = name.to_ascii_lowercase();
    let database = lower.split('.').next().unwrap_or_default();
    if OTHER_DATABASES.contains(&database) && !is_readable(&lower, rights) {
        Err(denied(&format!("the database {name}")))
    } else {
        Ok(())
    }
}

fn settings() -> Exception {
    Exception::of(
        code::READONLY,
        "SETTINGS clauses are not allowed here: send settings beside the statement",
    )
}
