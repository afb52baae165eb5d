//! Which statements may run: one read of the tables, and for those who have the right one change of them.
//!
//! The engine's own parser does the reading: `classify_query` counts statements, tells reads from everything else and
//! says whether a change stays inside the database; `EXPLAIN AST` shows what a statement touches. Behind reads stands
//! `readonly=1`. What is judged here is what that setting leaves open: tables of `system`, functions that read files or
//! other servers, and files written by `INTO OUTFILE`.

mod ast;
mod canonical;
mod files;
mod rights;
mod rules;
mod writes;

pub use rights::Rights;
pub use rules::{DATABASE, Judged, Names};

use chdb_rust::admin::{QueryAnalysis, QueryClass};
use chdb_rust::format::OutputFormat;
use lakefront_clickhouse_http::Exception;

use crate::Error;
use crate::engine::{Connection, parameters, result};
use canonical::Canonical;

/// Judges a statement on a read-only connection; says what it does.
///
/// # Errors
/// The engine's exception for text it can't read; ours for statements that may not run.
pub fn check(
    connection: &Connection,
    names: &Names,
    rights: Rights,
    sql: &str,
    params: &[(String, String)],
) -> Result<Judged, Error> {
    let analysis = connection.classify_query(sql, Some(DATABASE))?;
    match (analysis.statement_count, analysis.class) {
        (0, _) if is_blank(sql) => Err(empty().into()),
        // It does not parse, so nothing can run: the engine says where it stopped.
        (0, QueryClass::Unknown) => Err(match connection.query(sql, OutputFormat::Null) {
            Err(error) => result::exception(&error).into(),
            // Comments alone.
            Ok(_) => empty().into(),
        }),
        (1, QueryClass::ReadOnly) => tree(connection, names, rights, sql, params),
        (1, QueryClass::Mutating) if rights.write => {
            let judged = tree(connection, names, rights, sql, params)?;
            stays_inside(&analysis, &judged)?;
            Ok(judged)
        }
        (0 | 1, class) => Err(not_permitted(class, rights).into()),
        (count, _) => {
            let message = format!("Multi-statements are not allowed: expected one statement, got {count}");
            Err(Exception::new(62, "SYNTAX_ERROR", message).into())
        }
    }
}

fn tree(
    connection: &Connection,
    names: &Names,
    rights: Rights,
    sql: &str,
    params: &[(String, String)],
) -> Result<Judged, Error> {
    // The statement is parsed once more, as the operand of EXPLAIN: its parameters may name a table.
    let explained = format!("EXPLAIN AST {sql}");
    let ast = connection
        .query_with_params(&explained, OutputFormat::TabSeparatedRaw, parameters(params))
        .map_err(|error| result::exception(&error))?;
    let ast = ast.data_utf8_lossy();
    let nodes = ast::nodes(&ast);
    let mut judged = rules::judge(&nodes, names, rights)?;
    // Those of readers are refused by the tree.
    let has_settings = rights.write && nodes.iter().any(|node| node.kind == "Set");
    if params.is_empty() && !has_settings {
        return Ok(judged);
    }
    let canonical = Canonical::of(connection, sql)?;
    judged.by_values |= !params.is_empty() && canonical.depends_on_values();
    if judged.writes && canonical.has_identifiers() {
        // The classification does not know what such a parameter names.
        return Err(denied("parameters of the type Identifier in a change").into());
    }
    if has_settings && let Some(name) = canonical.foreign_setting(names, rights) {
        let what = format!("the setting {name} in a SETTINGS clause (send limits beside the statement)");
        return Err(denied(&what).into());
    }
    Ok(judged)
}

/// Holds a change to the tables of the database: the database itself may be made, and not made away with.
fn stays_inside(analysis: &QueryAnalysis, judged: &Judged) -> Result<(), Exception> {
    if !analysis.writes_only_target_database {
        Err(denied("changes outside of the database"))
    } else if analysis.changes_database_lifecycle && !judged.creates {
        Err(denied("changes of the database itself"))
    } else if analysis.has_secrets {
        Err(denied("secrets and disks in a statement"))
    } else {
        Ok(())
    }
}

fn empty() -> Exception {
    Exception::new(62, "SYNTAX_ERROR", "Empty query")
}

fn is_blank(sql: &str) -> bool {
    sql.chars()
        .all(|character| character.is_whitespace() || character == ';')
}

fn not_permitted(class: QueryClass, rights: Rights) -> Exception {
    let what = match class {
        QueryClass::Mutating => "it changes data or schema",
        QueryClass::MutatingGlobal => "it changes users, functions or the server",
        QueryClass::Control => "it changes a session, runs a command or reads or writes a file of the server",
        _ => "it is not a statement the engine can classify",
    };
    if rights.write {
        return denied(&format!("a statement where {what}"));
    }
    Exception::new(
        164,
        "READONLY",
        format!("Only reads are allowed (SELECT, WITH, EXPLAIN, DESCRIBE, SHOW): {what}"),
    )
}

fn denied(what: &str) -> Exception {
    let message =
        format!("Not allowed here: {what}. What can be used are the tables of the database {DATABASE}");
    Exception::new(497, "ACCESS_DENIED", message)
}
