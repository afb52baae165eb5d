//! The tree of a search.

use crate::column::Column;
use crate::pattern::Pattern;

/// A condition on a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// All of the conditions. Without any the expression is true for every row.
    All(Vec<Expression>),
    /// At least one of the conditions.
    Any(Vec<Expression>),
    /// Not the condition.
    Not(Box<Expression>),
    /// A word or phrase in the text of the row: its body or name, and the values of its attributes.
    Text(Pattern),
    /// A test of one field.
    Field(Field, Test),
}

impl Expression {
    /// Returns the expression that is true if all parts are. Nested ones become one, and one alone stays itself.
    pub fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only(flat).unwrap_or_else(Self::All)
    }

    /// Returns the expression that is true if one of the parts is. Nested ones become one, and one alone stays itself.
    pub fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only(flat).unwrap_or_else(Self::Any)
    }
}

/// Returns the only part, or all parts if there are none or several.
fn only(mut parts: Vec<Expression>) -> Result<Expression, Vec<Expression>> {
    match parts.pop() {
        Some(part) if parts.is_empty() => Ok(part),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}

/// The field of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A column of the table.
    Column(&'static Column),
    /// An attribute: of the record, else of the resource.
    Attribute(String),
}

/// The test of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The field has a value that is not empty.
    Exists,
    /// The field has this text: words of it if the field is a text, else as a whole.
    Is(Pattern),
    /// A comparison with a value.
    Compare(Op, Value),
    /// From the first value to the second, both included.
    Between(Value, Value),
    /// The column of truth values has this one.
    Truth(bool),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Equal,
    /// Less.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater.
    Greater,
    /// Greater or equal.
    AtLeast,
}

impl Op {
    /// Returns the operator in SQL and, `=` excepted, in a search.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Returns true if two values compare so.
    pub fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A whole number, for columns of 64 bits.
    Whole(i64),
    /// A text, compared byte by byte.
    Text(String),
}
