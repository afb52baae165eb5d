use std::collections::BTreeSet;

use lakefront_clickhouse_http::Exception;

use super::ast::Node;
use crate::engine::format;

/// The database of the lake's tables, and of every connection.
pub const DATABASE: &str = "otel";

/// What a permitted statement reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Tables of the lake, by name; names of common table expressions are among them.
    pub tables: BTreeSet<String>,
    /// The format its FORMAT clause names.
    pub format: Option<String>,
}

/// The names the engine has for table functions, in lower case: what is not known to be harmless is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Functions {
    table: BTreeSet<String>,
}

/// Table functions that make rows of nothing but their arguments.
const HARMLESS_TABLE_FUNCTIONS: [&str; 7] = [
    "format",
    "generate_series",
    "generateseries",
    "numbers",
    "numbers_mt",
    "values",
    "view",
];

/// Tables of `system` that hold nothing: sources of rows, and the settings that clients ask for when they connect.
const HARMLESS_TABLES: [&str; 6] = [
    "system.numbers",
    "system.numbers_mt",
    "system.one",
    "system.settings",
    "system.zeros",
    "system.zeros_mt",
];

/// Functions that read files, dictionaries, tables by name or the machine.
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

/// Families of such functions, and of those that call out to a model.
const REFUSED_PREFIXES: [&str; 10] = [
    "aiclassify",
    "aiembed",
    "aiextract",
    "aigenerate",
    "aitranslate",
    "catboost",
    "dictget",
    "dicthas",
    "dictisin",
    "joinget",
];

/// Databases whose names in front of a dot mean a table, wherever they stand: `x IN system.tables`.
const OTHER_DATABASES: [&str; 4] = [
    "_temporary_and_external_tables",
    "default",
    "information_schema",
    "system",
];

impl Functions {
    /// From the engine's list of table functions.
    pub fn new<'a>(table_functions: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            table: table_functions
                .into_iter()
                .map(str::to_ascii_lowercase)
                .filter(|name| !HARMLESS_TABLE_FUNCTIONS.contains(&name.as_str()))
                .collect(),
        }
    }

    fn refuses(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.table.contains(&name) || is_refused_scalar(&name)
    }
}

fn is_refused_scalar(lower: &str) -> bool {
    REFUSED_FUNCTIONS.contains(&lower) || REFUSED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

/// Judges a parsed statement.
pub fn judge(nodes: &[Node<'_>], functions: &Functions) -> Result<Reads, Exception> {
    let root = nodes
        .first()
        .ok_or_else(|| denied("a statement without a tree"))?;
    let is_select = root.kind == "SelectWithUnionQuery";
    match root.kind {
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
    let mut reads = Reads::default();
    for node in nodes {
        match node.kind {
            "TableIdentifier" => read_table(node.name, &mut reads)?,
            "Identifier" => {
                if is_select {
                    identifier(node.name)?
                } else {
                    operand(node.name)?
                }
            }
            "Function" if functions.refuses(node.name) => {
                return Err(denied(&format!("the function {}", node.name)));
            }
            // The engine holds readonly=1 against settings of the outermost query only.
            "Set" if root.kind != "Explain" || node.depth != 1 => return Err(settings()),
            // Its line does not say which function it applies.
            "ColumnsApplyTransformer" => return Err(denied("APPLY")),
            _ => {}
        }
    }
    reads.format = nodes
        .iter()
        .rfind(|node| node.depth == 1)
        .filter(|node| node.kind == "Identifier" && format::find(node.name).is_some())
        .map(|node| node.name.to_owned());
    Ok(reads)
}

/// Not INSERT or CREATE. Beside the statement stand EXPLAIN's own settings and a format.
fn explains_a_select(nodes: &[Node<'_>]) -> bool {
    let mut children = nodes.iter().filter(|node| node.depth == 1).map(|node| node.kind);
    children.all(|kind| matches!(kind, "Set" | "SelectWithUnionQuery" | "Identifier"))
}

fn read_table(name: &str, reads: &mut Reads) -> Result<(), Exception> {
    match name.split_once('.') {
        None => drop(reads.tables.insert(name.into())),
        Some((DATABASE, table)) => drop(reads.tables.insert(table.into())),
        Some(_) if HARMLESS_TABLES.contains(&name) => {}
        Some(_) => return Err(denied(&format!("the table {name}"))),
    }
    Ok(())
}

/// A name in an expression: a column as a rule, but `IN` takes tables and `arrayMap` functions by name.
fn identifier(name: &str) -> Result<(), Exception> {
    let lower = name.to_ascii_lowercase();
    match lower.split_once('.') {
        Some((database, _)) if OTHER_DATABASES.contains(&database) && !HARMLESS_TABLES.contains(&&*lower) => {
            Err(denied(&format!("the table {name}")))
        }
        None if is_refused_scalar(&lower) => Err(denied(&format!(
            "the function {name} (give a column another alias)"
        ))),
        _ => Ok(()),
    }
}

/// A name after SHOW, EXISTS or DESCRIBE.
fn operand(name: &str) -> Result<(), Exception> {
    let lower = name.to_ascii_lowercase();
    let database = lower.split('.').next().unwrap_or_default();
    if OTHER_DATABASES.contains(&database) {
        Err(denied(&format!("the database {name}")))
    } else {
        Ok(())
    }
}

fn settings() -> Exception {
    Exception::new(
        164,
        "READONLY",
        "SETTINGS clauses are not allowed here: send settings beside the statement",
    )
}

fn denied(what: &str) -> Exception {
    let message = format!("Not allowed here: {what}. Tables of the database {DATABASE} can be read");
    Exception::new(497, "ACCESS_DENIED", message)
}
