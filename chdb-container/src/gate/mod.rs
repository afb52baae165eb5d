//! The check whether a statement may run. A statement may read the tables; callers with the right may also change them.
//!
//! The engine's own parser parses each statement. `classify_query` counts statements, separates reads from everything
//! else, and reports whether a change stays inside the database. `EXPLAIN AST` shows the tables and functions that a
//! statement uses. Reads run under `readonly=1`. This module refuses the rest, which that setting permits: tables of
//! `system`, functions that read files or other servers, and files written by `INTO OUTFILE`.

mod ast;
mod canonical;
mod files;
mod rules;
mod writes;

pub use rules::{Names, Verdict};

use chdb_rust::admin::{QueryAnalysis, QueryClass};
use chdb_rust::format::OutputFormat;
use lakefront_clickhouse_http::{Exception, code};

use crate::chdb::{self, Connection, parameters};
use crate::rights::Rights;
use crate::{DATABASE, Error};
use canonical::Canonical;

/// Checks a statement and returns its effects. `connection` has the settings of `settings::gate`; the
/// statement is parsed on it and not run.
///
/// # Errors
/// The engine's exception for text that does not parse; an exception of this module for a statement that may not run.
pub fn check(
    connection: &Connection,
    names: &Names,
    rights: Rights,
    sql: &str,
    params: &[(String, String)],
) -> Result<Verdict, Error> {
    let analysis = connection.classify_query(sql, Some(DATABASE))?;
    match (analysis.statement_count, analysis.class) {
        (0, _) if is_blank(sql) => Err(empty().into()),
        // The text does not parse, so the engine runs nothing: its error says where the parser stopped.
        (0, QueryClass::Unknown) => Err(match connection.query(sql, OutputFormat::Null) {
            Err(error) => chdb::exception(&error).into(),
            // The text holds only comments.
            Ok(_) => empty().into(),
        }),
        (1, QueryClass::ReadOnly) => check_tree(connection, names, rights, sql, params),
        (1, QueryClass::Mutating) if rights.write => {
            let verdict = check_tree(connection, names, rights, sql, params)?;
            check_stays_inside(&analysis, &verdict)?;
            Ok(verdict)
        }
        (0 | 1, class) => Err(not_permitted(class, rights).into()),
        (count, _) => {
            let message = format!("Multi-statements are not allowed: expected one statement, got {count}");
            Err(Exception::of(code::SYNTAX_ERROR, message).into())
        }
    }
}

/// Checks the syntax tree of one statement, and its settings and parameters.
fn check_tree(
    connection: &Connection,
    names: &Names,
    rights: Rights,
    sql: &str,
    params: &[(String, String)],
) -> Result<Verdict, Error> {
    // The engine parses the statement again as the operand of EXPLAIN, with its parameters, because one may name a
    // table.
    let explained = format!("EXPLAIN AST {sql}");
    let ast = connection
        .query_with_params(&explained, OutputFormat::TabSeparatedRaw, parameters(params))
        .map_err(|error| chdb::exception(&error))?;
    let ast = ast.data_utf8_lossy();
    let nodes = ast::nodes(&ast);
    let mut verdict = rules::check(&nodes, names, rights)?;
    // For readers, `rules::check` has already refused settings in the tree.
    let has_settings = rights.write && nodes.iter().any(|node| node.kind == "Set");
    if params.is_empty() && !has_settings {
        return Ok(verdict);
    }
    let canonical = Canonical::of(connection, sql)?;
    verdict.depends_on_values |= !params.is_empty() && canonical.depends_on_values();
    if verdict.writes && canonical.has_identifiers() {
        // `classify_query` does not resolve such a parameter to a database.
        return Err(denied("parameters of the type Identifier in a change").into());
    }
    if has_settings && let Some(name) = canonical.foreign_setting(names, rights) {
        let what = format!("the setting {name} in a SETTINGS clause (send limits beside the statement)");
        return Err(denied(&what).into());
    }
    Ok(verdict)
}

/// Refuses a change outside of the tables of the database. The database itself may be created, but not dropped or
/// renamed.
fn check_stays_inside(analysis: &QueryAnalysis, verdict: &Verdict) -> Result<(), Exception> {
    if !analysis.writes_only_target_database {
        Err(denied("changes outside of the database"))
    } else if analysis.changes_database_lifecycle && !verdict.creates {
        Err(denied("changes of the database itself"))
    } else if analysis.has_secrets {
        Err(denied("secrets and disks in a statement"))
    } else {
        Ok(())
    }
}

fn empty() -> Exception {
    Exception::of(code::SYNTAX_ERROR, "Empty query")
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
    Exception::of(
        code::READONLY,
        format!("Only reads are allowed (SELECT, WITH, EXPLAIN, DESCRIBE, SHOW): {what}"),
    )
}

fn denied(what: &str) -> Exception {
    let message =
        format!("Not allowed here: {what}. What can be used are the tables of the database {DATABASE}");
    Exception::of(code::ACCESS_DENIED, message)
}
