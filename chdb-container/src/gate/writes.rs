//! The rules on statements that change tables. The engine's classification already ensures that a change stays inside
//! the database. This module restricts table engines, dictionaries and files.

use lakefront_clickhouse_http::Exception;

use super::ast::Node;
use super::denied;

/// The root nodes of statements that change tables.
const STATEMENTS: [&str; 11] = [
    "AlterQuery",
    "CreateIndexQuery",
    "CreateQuery",
    "DeleteQuery",
    "DropIndexQuery",
    "DropQuery",
    "InsertQuery",
    "OptimizeQuery",
    "Rename",
    "TruncateQuery",
    "UpdateQuery",
];

/// Permitted table engines besides the MergeTree family. All of them keep their rows inside the database.
const ENGINES: [&str; 3] = ["Join", "Memory", "Null"];

/// Returns true if a tree with this root is a statement that changes tables.
pub fn is_write(root: &Node<'_>) -> bool {
    STATEMENTS.contains(&root.kind)
}

/// Checks the nodes that occur only in statements that change tables.
///
/// # Errors
/// `ACCESS_DENIED`.
pub fn check(nodes: &[Node<'_>]) -> Result<(), Exception> {
    let is_insert = nodes.first().is_some_and(|root| root.kind == "InsertQuery");
    for (index, node) in nodes.iter().enumerate() {
        match node.kind {
            "Storage" if node.name == "definition" => {
                let named = nodes.get(index + 1).filter(|next| next.kind == "Function");
                if !named.is_some_and(|engine| is_engine(engine.name)) {
                    return Err(denied(
                        "tables and databases without an engine of the MergeTree family, Join, Memory or Null",
                    ));
                }
            }
            "Dictionary" | "FunctionWithKeyValueArguments" => return Err(denied("dictionaries")),
            "Literal" if is_insert && node.depth == 1 => return Err(denied("FROM INFILE")),
            _ => {}
        }
    }
    Ok(())
}

/// Returns true if a function node names the engine of a table. Such a node directly follows the storage definition and
/// is no function call.
pub fn is_engine_of(before: Option<&Node<'_>>, node: &Node<'_>) -> bool {
    before.is_some_and(|before| before.kind == "Storage" && before.name == "definition")
        && is_engine(node.name)
}

fn is_engine(name: &str) -> bool {
    ENGINES.contains(&name) || (name.ends_with("MergeTree") && !name.starts_with("Replicated"))
}
