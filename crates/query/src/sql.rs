use lakefront_api::{Problem, ProblemType, SqlRequest};
use serde_json::Value;

use crate::Statement;

/// ClickHouse's own default of `max_query_size`.
const LONGEST: usize = 256 * 1024;
const MOST_PARAMS: usize = 100;

/// An ad-hoc statement that can be sent. Whether it may run is the engine's gate to say: only it can parse it.
///
/// # Errors
/// [`ProblemType::BadRequest`], naming the field.
pub fn checked(request: &SqlRequest) -> Result<Statement, Problem> {
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
    let mut params = Vec::with_capacity(request.params.len());
    for (name, value) in &request.params {
        if !is_identifier(name) {
            return bad("params: names are letters, digits and underscores".into());
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return bad(format!("params.{name}: expected text, a number or a boolean"));
            }
        };
        params.push((name.clone(), text));
    }
    Ok(Statement {
        sql: request.sql.clone(),
        params,
        settings: Vec::new(),
    })
}

fn is_identifier(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
