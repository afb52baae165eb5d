//! The values of placeholders.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::BadParam;
use crate::literal::{push_escaped, push_literal};

/// The value of a placeholder such as `{user:String}`, as text. The placeholder names the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    /// Text for `String`, `Date`, `DateTime64` and similar types. The text is escaped when sent.
    Text(String),
    /// A number, a boolean, or a literal of a composite type such as `['a','b']`. The literal is sent unchanged.
    Literal(String),
    /// NULL, for `Nullable(…)` placeholders.
    Null,
}

/// The permitted depth of nested lists and objects.
const MAX_DEPTH: usize = 8;

impl Param {
    /// Converts a JSON value. Lists become arrays, objects become maps.
    ///
    /// # Errors
    /// [`BadParam`] if lists and objects nest more than 8 deep.
    pub fn from_json(value: &Value) -> Result<Self, BadParam> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::String(text) => Self::Text(text.clone()),
            Value::Bool(_) | Value::Number(_) => Self::Literal(value.to_string()),
            Value::Array(_) | Value::Object(_) => {
                let mut literal = String::new();
                write_literal(value, &mut literal, MAX_DEPTH)?;
                Self::Literal(literal)
            }
        })
    }

    /// Returns the text that `param_<name>` carries. ClickHouse parses it as a field of TabSeparated.
    pub fn wire(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) if text.contains(['\\', '\t', '\n', '\r']) => {
                let mut escaped = String::with_capacity(text.len() + 8);
                push_escaped(text, &mut escaped);
                Cow::Owned(escaped)
            }
            Self::Text(text) | Self::Literal(text) => Cow::Borrowed(text),
            Self::Null => Cow::Borrowed("\\N"),
        }
    }
}

/// Shows the value as a person reads it, without the escapes of [`Param::wire`].
impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(text) | Self::Literal(text) => text,
            Self::Null => "NULL",
        })
    }
}

fn write_literal(value: &Value, out: &mut String, depth: usize) -> Result<(), BadParam> {
    let deeper = depth.checked_sub(1).ok_or(BadParam { depth: MAX_DEPTH });
    match value {
        Value::Null => out.push_str("NULL"),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) => push_literal(text, out),
        Value::Array(items) => {
            let depth = deeper?;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_literal(item, out, depth)?;
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let depth = deeper?;
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_literal(key, out);
                out.push(':');
                write_literal(item, out, depth)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

macro_rules! from_number {
    ($($number:ty),*) => { $(
        impl From<$number> for Param {
            fn from(number: $number) -> Self {
                Self::Literal(number.to_string())
            }
        }
    )* };
}
from_number!(bool, i32, i64, u32, u64, f64);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Param;

    #[test]
    fn wire_text() {
        for (param, wire) in [
            (Param::from("plain"), "plain"),
            (Param::from("a\tb\\c\nd"), r"a\tb\\c\nd"),
            (Param::from("it's"), "it's"),
            (Param::from(-3_i64), "-3"),
            (Param::from(true), "true"),
            (Param::Null, r"\N"),
        ] {
            assert_eq!(param.wire(), wire);
        }
    }

    #[test]
    fn from_json() {
        for (value, wire) in [
            (json!("ü\n"), r"ü\n"),
            (json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
            (json!(null), r"\N"),
            (json!(["it's", "b\\"]), r"['it\'s','b\\']"),
            (json!([[1, 2], []]), "[[1,2],[]]"),
            (json!({"k": [null]}), "{'k':[NULL]}"),
        ] {
            assert_eq!(Param::from_json(&value).expect("a parameter").wire(), wire);
        }
        let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
        assert!(Param::from_json(&deep).is_err());
    }
}
