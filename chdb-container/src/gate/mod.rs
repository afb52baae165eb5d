//! Which statements may run: one read of the lake's tables, and nothing beside.
//!
//! The engine's own parser does the reading: `classify_query` counts statements and tells reads from everything else,
//! `EXPLAIN AST` shows what a read touches. `readonly=1` stands behind both. What is judged here is what that setting
//! leaves open: tables of `system`, functions that read files or other servers, and files written by `INTO OUTFILE`.

mod ast;
mod rules;

pub use rules::{Functions, Reads};

use chdb_rust::admin::QueryClass;
use chdb_rust::connection::Connection;
use chdb_rust::format::OutputFormat;
use lakefront_clickhouse_http::Exception;

use crate::Error;
use crate::engine::{parameters, result};

/// Judges a statement on a read-only connection; says what it reads.
///
/// # Errors
/// The engine's exception for text it can't read; ours for statements that may not run.
pub fn check(
    connection: &Connection,
    functions: &Functions,
    sql: &str,
    params: &[(String, String)],
) -> Result<Reads, Error> {
    let analysis = connection.classify_query(sql, None)?;
    match (analysis.statement_count, analysis.class) {
        (0, _) if is_blank(sql) => Err(empty().into()),
        // It does not parse, so nothing can run: the engine says where it stopped.
        (0, QueryClass::Unknown) => Err(match connection.query(sql, OutputFormat::Null) {
            Err(error) => result::exception(&error).into(),
            // Comments alone.
            Ok(_) => empty().into(),
        }),
        (1, QueryClass::ReadOnly) => {
            // The statement is parsed once more, as the operand of EXPLAIN: its parameters may name a table.
            let explained = format!("EXPLAIN AST {sql}");
            let ast = connection
                .query_with_params(&explained, OutputFormat::TabSeparatedRaw, parameters(params))
                .map_err(|error| result::exception(&error))?;
            let ast = ast.data_utf8_lossy();
            rules::judge(&ast::nodes(&ast), functions).map_err(Into::into)
        }
        (0 | 1, class) => Err(not_a_read(class).into()),
        (count, _) => {
            let message = format!("Multi-statements are not allowed: expected one statement, got {count}");
            Err(Exception::new(62, "SYNTAX_ERROR", message).into())
        }
    }
}

fn empty() -> Exception {
    Exception::new(62, "SYNTAX_ERROR", "Empty query")
}

fn is_blank(sql: &str) -> bool {
    sql.chars()
        .all(|character| character.is_whitespace() || character == ';')
}

fn not_a_read(class: QueryClass) -> Exception {
    let what = match class {
        QueryClass::Mutating | QueryClass::MutatingGlobal => "it changes data or schema",
        QueryClass::Control => "it changes a session, runs a command or writes a file (INTO OUTFILE)",
        _ => "it is not a statement the engine can classify",
    };
    Exception::new(
        164,
        "READONLY",
        format!("Only reads are allowed (SELECT, WITH, EXPLAIN, DESCRIBE, SHOW): {what}"),
    )
}
