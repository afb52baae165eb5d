//! Prints a tree as a text that parses to the same tree.

use std::fmt;

use lakefront_api::Signal;

use crate::column::{Kind, SEVERITIES, named};
use crate::expression::{Expression, Field, Op, Test, Value};
use crate::pattern::Pattern;

/// Prints an expression.
pub fn print(signal: Signal, expression: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match expression {
        Expression::All(parts) if parts.is_empty() => f.write_str("*"),
        Expression::All(parts) => joined(signal, parts, " ", f),
        Expression::Any(parts) => joined(signal, parts, " OR ", f),
        Expression::Not(inner) => {
            f.write_str("-")?;
            if is_one(inner) {
                return print(signal, inner, f);
            }
            in_parentheses(signal, inner, f)
        }
        Expression::Text(pattern) => write_pattern(pattern, f),
        Expression::Field(field, test) => {
            write_field(signal, field, f)?;
            f.write_str(":")?;
            let kind = match field {
                Field::Column(column) => column.kind,
                Field::Attribute(_) => Kind::Name,
            };
            write_test(kind, test, f)
        }
    }
}

/// Prints the name of a field as a search writes it before the colon.
pub fn write_field(signal: Signal, field: &Field, f: &mut impl fmt::Write) -> fmt::Result {
    match field {
        Field::Column(column) => f.write_str(column.shown()),
        Field::Attribute(name) if is_bare_name(name) && named(signal, name).is_none() => f.write_str(name),
        Field::Attribute(name) => quoted(name, f),
    }
}

fn joined(signal: Signal, parts: &[Expression], by: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        nested(signal, part, f)?;
    }
    Ok(())
}

/// Prints a part of another expression, in parentheses if it has parts itself.
fn nested(signal: Signal, part: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let negates_one = matches!(part, Expression::Not(inner) if is_one(inner));
    if is_one(part) || negates_one {
        return print(signal, part, f);
    }
    in_parentheses(signal, part, f)
}

fn in_parentheses(signal: Signal, part: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    print(signal, part, f)?;
    f.write_str(")")
}

/// Returns true if an expression has no parts.
fn is_one(expression: &Expression) -> bool {
    match expression {
        Expression::All(parts) => parts.is_empty(),
        Expression::Any(_) | Expression::Not(_) => false,
        Expression::Text(_) | Expression::Field(..) => true,
    }
}

fn write_test(kind: Kind, test: &Test, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match test {
        Test::Exists => f.write_str("*"),
        Test::Is(pattern) => write_pattern(pattern, f),
        Test::Truth(truth) => write!(f, "{truth}"),
        // The name of a severity stands for all of its numbers, so that one of them is printed as a number.
        Test::Compare(Op::Equal, Value::Whole(number)) if kind == Kind::Severity => write!(f, "{number}"),
        Test::Compare(op, value) => {
            if *op != Op::Equal {
                f.write_str(op.sign())?;
            }
            write_value(kind, value, *op == Op::AtMost || *op == Op::Greater, f)
        }
        Test::Between(Value::Whole(low), Value::Whole(high)) if kind == Kind::Severity => {
            let named = SEVERITIES
                .iter()
                .find(|(_, from, to)| (from, to) == (low, high) && from < to);
            match named {
                Some((name, ..)) => f.write_str(name),
                None => write!(f, "[{low} TO {high}]"),
            }
        }
        Test::Between(low, high) => {
            f.write_str("[")?;
            write_value(kind, low, false, f)?;
            f.write_str(" TO ")?;
            write_value(kind, high, true, f)?;
            f.write_str("]")
        }
    }
}

fn write_value(kind: Kind, value: &Value, is_high: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (kind, value) {
        (Kind::Severity, Value::Whole(number)) => {
            let named = SEVERITIES
                .iter()
                .find(|(_, low, high)| low < high && number == if is_high { high } else { low });
            match named {
                Some((name, ..)) => f.write_str(name),
                None => write!(f, "{number}"),
            }
        }
        (Kind::Nanoseconds, Value::Whole(number)) => write!(f, "{number}ns"),
        (Kind::Milliseconds, Value::Number(number)) => write!(f, "{number}ms"),
        (_, Value::Whole(number)) => write!(f, "{number}"),
        (_, Value::Number(number)) => write!(f, "{number}"),
        (_, Value::Text(text)) => write_pattern(&Pattern::exact(text.as_str()), f),
    }
}

fn write_pattern(pattern: &Pattern, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if pattern.open_start {
        f.write_str("*")?;
    }
    if is_bare_value(&pattern.text) {
        f.write_str(&pattern.text)?;
    } else {
        quoted(&pattern.text, f)?;
    }
    if pattern.open_end {
        f.write_str("*")?;
    }
    Ok(())
}

fn quoted(text: &str, f: &mut impl fmt::Write) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns true if a text means itself without quotes.
fn is_bare_value(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '/' | '@' | '-' | '+'))
        && !["AND", "OR", "NOT", "TO"].contains(&text)
}

fn is_bare_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | '@'))
}
