//! Types the test of a field: reads its values as the field's kind demands.

use crate::column::{Column, Kind, SEVERITIES};
use crate::error::SyntaxError;
use crate::expression::{Op, Test, Value};
use crate::scan::{Raw, error};

/// A test of a field as it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum RawTest {
    /// `*`, and a range with two open ends.
    Exists,
    /// A value.
    Is(Raw),
    /// A comparison.
    Compare(Op, Raw),
    /// A range with both ends.
    Between(Raw, Raw),
}

/// The units of durations, with their nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
];

/// Returns the test of an attribute. Values are texts; two numbers are compared as numbers.
pub fn attribute_test(test: RawTest) -> Test {
    match test {
        RawTest::Exists => Test::Exists,
        RawTest::Is(raw) => Test::Is(raw.pattern),
        RawTest::Compare(op, raw) => {
            let value = number(&raw).map_or(Value::Text(raw.pattern.text), Value::Number);
            Test::Compare(op, value)
        }
        RawTest::Between(low, high) => match (number(&low), number(&high)) {
            (Some(low), Some(high)) => Test::Between(Value::Number(low), Value::Number(high)),
            _ => Test::Between(Value::Text(low.pattern.text), Value::Text(high.pattern.text)),
        },
    }
}

/// Returns the test of a column.
///
/// # Errors
/// [`SyntaxError`] for a value or a comparison that the column's kind does not take.
pub fn column_test(column: &Column, test: RawTest) -> Result<Test, SyntaxError> {
    if test == RawTest::Exists {
        return Ok(Test::Exists);
    }
    match column.kind {
        Kind::Name => Ok(match test {
            RawTest::Is(raw) => Test::Is(raw.pattern),
            RawTest::Compare(op, raw) => Test::Compare(op, text(raw)),
            RawTest::Between(low, high) => Test::Between(text(low), text(high)),
            RawTest::Exists => Test::Exists,
        }),
        Kind::Words => is_only(column, test, "words, as in {name}:timeout", |raw| {
            (!raw.pattern.text.is_empty()).then(|| Test::Is(raw.pattern.clone()))
        }),
        Kind::Hex => is_only(column, test, "an id of hexadecimal digits", |raw| {
            let mut pattern = raw.pattern.clone();
            pattern.text.make_ascii_lowercase();
            (pattern.text.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(Test::Is(pattern))
        }),
        Kind::OneOf(values) => {
            let expected = format!("one of {}", values.join(", "));
            is_only(column, test, &expected, |raw| {
                let wanted = plain(raw)?;
                let value = values.iter().find(|value| value.eq_ignore_ascii_case(wanted))?;
                Some(Test::Is(crate::Pattern::exact(*value)))
            })
        }
        Kind::Truth => is_only(column, test, "true or false", |raw| match plain(raw)? {
            "true" => Some(Test::Truth(true)),
            "false" => Some(Test::Truth(false)),
            _ => None,
        }),
        Kind::Severity => severity(column, test),
        Kind::Number => numeric(column, test, "a number", |raw| number(raw).map(Value::Number)),
        Kind::Nanoseconds => numeric(column, test, DURATION, |raw| {
            let nanoseconds = duration(raw, 1.0)?.round();
            (nanoseconds.abs() < 9e18).then_some(Value::Whole(nanoseconds as i64))
        }),
        Kind::Milliseconds => numeric(column, test, DURATION, |raw| {
            duration(raw, 1e6).map(Value::Number)
        }),
    }
}

/// The durations that are expected.
const DURATION: &str = "a duration such as 250ms or 1.5s";

/// Types a test that takes a value and no comparison.
fn is_only(
    column: &Column,
    test: RawTest,
    expected: &str,
    typed: impl Fn(&Raw) -> Option<Test>,
) -> Result<Test, SyntaxError> {
    match &test {
        RawTest::Is(raw) => typed(raw).map_or_else(|| unfit(column, raw, expected), Ok),
        RawTest::Compare(_, raw) | RawTest::Between(raw, _) => {
            let message = format!(
                "{} takes no comparison; write {}:value",
                column.shown(),
                column.shown()
            );
            error(raw.position, message)
        }
        RawTest::Exists => Ok(Test::Exists),
    }
}

/// Types a test whose values are numbers.
fn numeric(
    column: &Column,
    test: RawTest,
    expected: &str,
    typed: impl Fn(&Raw) -> Option<Value>,
) -> Result<Test, SyntaxError> {
    let value = |raw: &Raw| typed(raw).map_or_else(|| unfit(column, raw, expected), Ok);
    Ok(match &test {
        RawTest::Exists => Test::Exists,
        RawTest::Is(raw) => Test::Compare(Op::Equal, value(raw)?),
        RawTest::Compare(op, raw) => Test::Compare(*op, value(raw)?),
        RawTest::Between(low, high) => Test::Between(value(low)?, value(high)?),
    })
}

fn unfit<T>(column: &Column, raw: &Raw, expected: &str) -> Result<T, SyntaxError> {
    let expected = expected.replace("{name}", column.shown());
    error(raw.position, format!("{} takes {expected}", column.shown()))
}

/// Types a test of the severity. A name stands for all numbers that it covers.
fn severity(column: &Column, test: RawTest) -> Result<Test, SyntaxError> {
    let ends = |raw: &Raw| -> Result<(i64, i64), SyntaxError> {
        let wanted = plain(raw).unwrap_or_default();
        let named = SEVERITIES
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(wanted))
            .map(|&(_, low, high)| (low, high));
        let numbered = || wanted.parse().ok().map(|number: i64| (number, number));
        named.or_else(numbered).map_or_else(
            || {
                let names = SEVERITIES.map(|(name, ..)| name).join(", ");
                unfit(column, raw, &format!("{names}, or a number"))
            },
            Ok,
        )
    };
    let whole = Value::Whole;
    Ok(match &test {
        RawTest::Exists => Test::Exists,
        RawTest::Is(raw) => match ends(raw)? {
            (low, high) if low == high => Test::Compare(Op::Equal, whole(low)),
            (low, high) => Test::Between(whole(low), whole(high)),
        },
        RawTest::Compare(op, raw) => {
            let (low, high) = ends(raw)?;
            let end = match op {
                Op::Greater | Op::AtMost => high,
                Op::Less | Op::AtLeast | Op::Equal => low,
            };
            Test::Compare(*op, whole(end))
        }
        RawTest::Between(low, high) => Test::Between(whole(ends(low)?.0), whole(ends(high)?.1)),
    })
}

fn text(raw: Raw) -> Value {
    Value::Text(raw.pattern.text)
}

/// Returns the text of a value without stars.
fn plain(raw: &Raw) -> Option<&str> {
    (!raw.pattern.open_start && !raw.pattern.open_end).then_some(raw.pattern.text.as_str())
}

/// Returns the value as a finite number.
fn number(raw: &Raw) -> Option<f64> {
    decimal(plain(raw)?)
}

/// Parses a finite decimal number. The words for infinity that Rust accepts are no numbers here.
pub fn decimal(text: &str) -> Option<f64> {
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let number = text.parse::<f64>().ok()?;
    (is_decimal && number.is_finite()).then_some(number)
}

/// Returns the value as a duration in units of so many nanoseconds.
fn duration(raw: &Raw, unit: f64) -> Option<f64> {
    let text = plain(raw)?;
    let number = text.trim_end_matches(|letter: char| letter.is_alphabetic());
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == &text[number.len()..])?;
    Some(decimal(number.trim_end())? * (factor / unit))
}
