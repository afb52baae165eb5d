use std::collections::BTreeSet;

use lakefront_clickhouse_http::Exception;

use super::ast::Node;
use super::{Rights, denied, files, writes};
use crate::engine::format;

/// The database of every table, and of every connection.
pub const DATABASE: &str = "otel";

/// What a permitted statement does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Tables it reads, by name; names of common table expressions are among them.
    pub tables: BTreeSet<String>,
    /// The format its FORMAT clause names.
    pub format: Option<String>,
    /// Whether it changes anything.
    pub writes: bool,
    /// Whether it makes something new.
    pub creates: bool,
    /// Whether another verdict is possible with other values of its parameters.
    pub by_values: bool,
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

/// Tables of `system` for those who keep tables of their own, and for the clients they do it with.
const TABLES_OF_WRITERS: [&str; 18] = [
    "system.columns",
    "system.data_skipping_indices",
    "system.databases",
    "system.detached_parts",
    "system.disks",
    "system.events",
    "system.formats",
    "system.functions",
    "system.merges",
    "system.metrics",
    "system.mutations",
    "system.parts",
    "system.parts_columns",
    "system.processes",
    "system.projections",
    "system.table_functions",
    "system.tables",
    "system.time_zones",
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

fn is_readable(table: &str, rights: Rights) -> bool {
    HARMLESS_TABLES.contains(&table) || (rights.write && TABLES_OF_WRITERS.contains(&table))
}

/// Judges a parsed statement.
///
/// # Errors
/// `ACCESS_DENIED`, and `READONLY` for settings that are not the caller's.
pub fn judge(nodes: &[Node<'_>], functions: &Functions, rights: Rights) -> Result<Judged, Exception> {
    let root = nodes
        .first()
        .ok_or_else(|| denied("a statement without a tree"))?;
    let mut judged = Judged {
        writes: rights.write && writes::is_one(root),
        creates: root.kind == "CreateQuery",
        ..Judged::default()
    };
    let has_columns = judged.writes || root.kind == "SelectWithUnionQuery";
    match root.kind {
        _ if judged.writes => writes::judge(nodes)?,
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
    let mut before = None;
    for (index, node) in nodes.iter().enumerate() {
        match node.kind {
            "TableIdentifier" => read_table(node.name, rights, &mut judged)?,
            "Identifier" => {
                if has_columns {
                    identifier(node.name, rights)?
                } else {
                    operand(node.name, rights)?
                }
            }
            "Function" if judged.writes && writes::is_engine_of(before, node) => {}
            "Function" if rights.files && files::is_one(node) => files::judge(nodes, index)?,
            "Function" if functions.refuses(node.name) => {
                return Err(denied(&format!("the function {}", node.name)));
            }
            // The engine holds readonly=1 against settings of the outermost query only.
            "Set" if !rights.write && (root.kind != "Explain" || node.depth != 1) => return Err(settings()),
            // Its line does not say which function it applies.
            "ColumnsApplyTransformer" => return Err(denied("APPLY")),
            _ => {}
        }
        before = Some(node);
    }
    judged.format = nodes
        .iter()
        .rfind(|node| node.depth == 1 && !judged.writes)
        .filter(|node| node.kind == "Identifier" && format::find(node.name).is_some())
        .map(|node| node.name.to_owned());
    Ok(judged)
}

/// Not INSERT or CREATE. Beside the statement stand EXPLAIN's own settings and a format.
fn explains_a_select(nodes: &[Node<'_>]) -> bool {
    let mut children = nodes.iter().filter(|node| node.depth == 1).map(|node| node.kind);
    children.all(|kind| matches!(kind, "Set" | "SelectWithUnionQuery" | "Identifier"))
}

fn read_table(name: &str, rights: Rights, judged: &mut Judged) -> Result<(), Exception> {
    match name.split_once('.') {
        None => drop(judged.tables.insert(name.into())),
        Some((DATABASE, table)) => drop(judged.tables.insert(table.into())),
        Some(_) if is_readable(name, rights) => {}
        Some(_) => return Err(denied(&format!("the table {name}"))),
    }
    Ok(())
}

/// A name in an expression: a column as a rule, but `IN` takes tables and `arrayMap` functions by name.
fn identifier(name: &str, rights: Rights) -> Result<(), Exception> {
    let lower = name.to_ascii_lowercase();
    match lower.split_once('.') {
        Some((database, _)) if OTHER_DATABASES.contains(&database) && !is_readable(&lower, rights) => {
            Err(denied(&format!("the table {name}")))
        }
        None if is_refused_scalar(&lower) => Err(denied(&format!(
            "the function {name} (give a column another alias)"
        ))),
        _ => Ok(()),
    }
}

/// A name after SHOW, EXISTS or DESCRIBE.
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
    Exception::new(
        164,
        "READONLY",
        "SETTINGS clauses are not allowed here: send settings beside the statement",
    )
}
