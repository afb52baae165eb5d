//! Statements that change tables. That they change none outside of the database, the engine's classification tells;
//! here is what it leaves open.

use lakefront_clickhouse_http::Exception;

use super::ast::Node;
use super::denied;

/// Roots of their trees.
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

/// Table engines that keep their rows in the database, beside the family of MergeTree.
const ENGINES: [&str; 3] = ["Join", "Memory", "Null"];

/// Whether a tree is a statement that changes tables.
pub fn is_one(root: &Node<'_>) -> bool {
    STATEMENTS.contains(&root.kind)
}

/// Judges what only such statements can hold.
///
/// # Errors
/// `ACCESS_DENIED`.
pub fn judge(nodes: &[Node<'_>]) -> Result<(), Exception> {
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

/// Whether the node behind a storage definition is its engine, and not a function to be judged as one.
pub fn is_engine_of(before: Option<&Node<'_>>, node: &Node<'_>) -> bool {
    before.is_some_and(|before| before.kind == "Storage" && before.name == "definition")
        && is_engine(node.name)
}

fn is_engine(name: &str) -> bool {
    ENGINES.contains(&name) || (name.ends_with("MergeTree") && !name.starts_with("Replicated"))
}
