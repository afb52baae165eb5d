use std::collections::BTreeMap;

use lakefront_api::{ParamInfo, ParamKind, Problem, ProblemType};
use serde_json::Value;

/// The values of a query's parameters as text, defaults filled in.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a value that is unknown, missing, too large or of another type.
pub fn params(
    given: &BTreeMap<String, Value>,
    declared: &[ParamInfo],
) -> Result<Vec<(String, String)>, Problem> {
    if let Some(unknown) = given
        .keys()
        .find(|name| declared.iter().all(|param| param.name != **name))
    {
        let names: Vec<&str> = declared.iter().map(|param| param.name.as_str()).collect();
        let shown: String = unknown.chars().take(64).collect();
        return Err(bad(
            &shown,
            &format!("no such parameter; expected some of {}", names.join(", ")),
        ));
    }
    declared
        .iter()
        .map(|param| Ok((param.name.clone(), value(given.get(&param.name), param)?)))
        .collect()
}

fn value(given: Option<&Value>, param: &ParamInfo) -> Result<String, Problem> {
    let value = given
        .or(param.default.as_ref())
        .ok_or_else(|| bad(&param.name, "required, but missing; add it to params"))?;
    match param.kind {
        ParamKind::Text => {
            let text = value.as_str().ok_or_else(|| bad(&param.name, "expected text"))?;
            if text.len() as u64 > param.max {
                return Err(bad(&param.name, &format!("expected at most {} bytes", param.max)));
            }
            if text.is_empty() && param.default.is_none() {
                return Err(bad(&param.name, "required, but empty"));
            }
            if !param.values.is_empty() && !param.values.iter().any(|value| value == text) {
                return Err(bad(
                    &param.name,
                    &format!("expected one of {}", param.values.join(", ")),
                ));
            }
            Ok(text.into())
        }
        ParamKind::Integer => match value.as_u64() {
            Some(number) if (1..=param.max).contains(&number) => Ok(number.to_string()),
            _ => Err(bad(
                &param.name,
                &format!("expected a whole number from 1 to {}", param.max),
            )),
        },
    }
}

fn bad(name: &str, detail: &str) -> Problem {
    Problem::new(ProblemType::BadRequest, format!("params.{name}: {detail}"))
}
