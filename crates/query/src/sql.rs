//! Checks ad-hoc SQL requests before they are sent to an engine.

use lakefront_api::{Problem, ProblemType, SqlRequest};
use lakefront_clickhouse_http::{Param, Statement};

/// The longest statement, in bytes: the default of ClickHouse's `max_query_size`.
const LONGEST: usize = 256 * 1024;
const MOST_PARAMS: usize = 100;
/// The lengths of an id. Ids are secrets of their callers, so short ones, which could be guessed, are refused.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;

/// Checks the form of an ad-hoc request and returns it as a statement. The gate of the engine decides which statements
/// may run, since only an engine can parse SQL.
///
/// # Errors
/// [`ProblemType::BadRequest`] with the name of the field: an empty or too long statement, or bad parameters.
pub fn check(request: &SqlRequest) -> Result<Statement, Problem> {
    let bad = |detail: String| Err(Problem::new(ProblemType::BadRequest, detail));
    if request.sql.trim().is_empty() {
        return bad("sql: empty; expected one SELECT over the otel tables".into());
    }
    if request.sql.len() > LONGEST {
        return bad(format!("sql: expected at most {LONGEST} bytes"));
    }
    if request.params.len() > MOST_PARAMS {
        return bad(format!("params: expected at most {MOST_PARAMS}"));
    }
    request.id.as_deref().map_or(Ok(()), check_id)?;
    let mut params = Vec::with_capacity(request.params.len());
    for (name, value) in &request.params {
        if !is_identifier(name) {
            return bad("params: names are letters, digits and underscores".into());
        }
        match Param::from_json(value) {
            Ok(param) => params.push((name.clone(), param)),
            Err(error) => return bad(format!("params.{name}: {error}")),
        }
    }
    Ok(Statement {
        sql: request.sql.clone(),
        params,
        query_id: request.id.clone(),
        ..Statement::default()
    })
}

/// Checks the id of an ad-hoc statement.
///
/// # Errors
/// [`ProblemType::BadRequest`] for an id of another form than [`SqlRequest::id`] documents.
pub fn check_id(id: &str) -> Result<(), Problem> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if ID_LENGTHS.contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(());
    }
    let (least, most) = (ID_LENGTHS.start(), ID_LENGTHS.end());
    let detail = format!("id: expected {least} to {most} letters, digits and -");
    Err(Problem::new(ProblemType::BadRequest, detail))
}

fn is_identifier(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
