//! Checks the parameters of a named query against their declarations.

use std::collections::BTreeMap;

use lakefront_api::{ParamInfo, ParamKind, Problem, ProblemType, funnel_steps};
use serde_json::Value;

/// Returns names and values of a query's parameters as text, defaults filled in. An integer may be given as text, as a
/// URL has it.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a parameter that is unknown, missing, too large or of another type.
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
            let id = param.hex_digits.and_then(|digits| hex_id(text, digits));
            let text = id.as_deref().unwrap_or(text);
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
        ParamKind::Steps => {
            let text = value.as_str().ok_or_else(|| bad(&param.name, "expected text"))?;
            // An empty field of a form is the default.
            let text = match (text, param.default.as_ref().and_then(Value::as_str)) {
                ("", Some(default)) => default,
                _ => text,
            };
            if text.len() as u64 > param.max {
                return Err(bad(&param.name, &format!("expected at most {} bytes", param.max)));
            }
            let steps = funnel_steps(text).map_err(|fault| bad(&param.name, &fault))?;
            Ok(steps.join("\n"))
        }
        ParamKind::Integer => match value.as_u64().or_else(|| value.as_str()?.parse().ok()) {
            Some(number) if (1..=param.max).contains(&number) => Ok(number.to_string()),
            _ => Err(bad(
                &param.name,
                &format!("expected a whole number from 1 to {}", param.max),
            )),
        },
    }
}

/// Returns an id in the form that the tables store: lower case, padded with zeros to `digits` hexadecimal digits.
/// Returns `None` for any other text.
///
/// Accepted are also capitals, blanks, the form of a UUID, the prefix `0x`, and ids without their leading zeros.
fn hex_id(text: &str, digits: usize) -> Option<String> {
    let id: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '{' | '}'))
        .collect::<String>()
        .to_ascii_lowercase();
    let id = id.strip_prefix("0x").unwrap_or(&id);
    let is_id = (1..=digits).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| format!("{id:0>digits$}"))
}

fn bad(name: &str, detail: &str) -> Problem {
    Problem::new(ProblemType::BadRequest, format!("params.{name}: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::hex_id;

    #[test]
    fn ids_in_every_form_are_one() {
        let stored = "0af7651916cd43dd8448eb211c80319c";
        for form in [
            stored,
            "0AF7651916CD43DD8448EB211C80319C",
            " 0af7651916cd43dd8448eb211c80319c\n",
            "0af76519-16cd-43dd-8448-eb211c80319c",
            "{0AF76519-16CD-43DD-8448-EB211C80319C}",
            "0xaf7651916cd43dd8448eb211c80319c",
            "af7651916cd43dd8448eb211c80319c",
        ] {
            assert_eq!(hex_id(form, 32).as_deref(), Some(stored), "{form:?}");
        }
        // 64-bit ids, as Zipkin and Datadog use them.
        assert_eq!(
            hex_id("8448eb211c80319c", 32).as_deref(),
            Some("00000000000000008448eb211c80319c")
        );
        for other in ["", " ", "nobody", "0x", "0af7651916cd43dd8448eb211c80319c0"] {
            assert_eq!(hex_id(other, 32), None, "{other:?}");
        }
    }
}
