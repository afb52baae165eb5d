//! Evaluates a search on one row in plain Rust: the meaning that the SQL condition must have.

use lakefront_api::Signal;
use serde_json::{Map, Value as Json};

use crate::column::{Column, Kind, RESOURCE, attributes, texts};
use crate::expression::{Expression, Field, Test, Value};
use crate::parse::Search;
use crate::typed::decimal;

impl Search {
    /// Returns true if a row fits. The row is an object of the signal's columns, as ClickHouse writes it as JSON.
    pub fn fits(&self, row: &Map<String, Json>) -> bool {
        expression(self.signal, &self.root, row)
    }
}

fn expression(signal: Signal, of: &Expression, row: &Map<String, Json>) -> bool {
    match of {
        Expression::All(parts) => parts.iter().all(|part| expression(signal, part, row)),
        Expression::Any(parts) => parts.iter().any(|part| expression(signal, part, row)),
        Expression::Not(inner) => !expression(signal, inner, row),
        Expression::Text(pattern) => {
            let own = texts(signal).iter().map(|column| text(row, column));
            let attributes = row.get(attributes(signal)).and_then(Json::as_object);
            let values = attributes
                .into_iter()
                .flat_map(Map::values)
                .filter_map(Json::as_str);
            own.chain(values).any(|value| pattern.is_in(value))
        }
        Expression::Field(Field::Column(column), test) => column_fits(column, test, row),
        Expression::Field(Field::Attribute(name), test) => {
            let of = |map: &str| {
                row.get(map)?
                    .get(name)?
                    .as_str()
                    .filter(|value| !value.is_empty())
            };
            let value = of(attributes(signal))
                .or_else(|| of(RESOURCE))
                .unwrap_or_default();
            text_fits(value, test)
        }
    }
}

fn text<'a>(row: &'a Map<String, Json>, column: &str) -> &'a str {
    row.get(column).and_then(Json::as_str).unwrap_or_default()
}

/// Returns the number of a column. 64-bit numbers may be texts in JSON.
fn number(row: &Map<String, Json>, column: &str) -> Option<f64> {
    match row.get(column)? {
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

fn column_fits(column: &Column, test: &Test, row: &Map<String, Json>) -> bool {
    match (column.kind, test) {
        (Kind::Name | Kind::Hex | Kind::OneOf(_), test) => text_fits(text(row, column.name), test),
        (Kind::Words, Test::Is(pattern)) => pattern.is_in(text(row, column.name)),
        (Kind::Words, test) => text_fits(text(row, column.name), test),
        (Kind::Truth, Test::Truth(wanted)) => row.get(column.name).and_then(Json::as_bool) == Some(*wanted),
        (Kind::Truth, _) => true,
        (Kind::Nanoseconds | Kind::Severity, Test::Exists) => number(row, column.name) != Some(0.0),
        (_, Test::Exists) => number(row, column.name).is_some(),
        (_, test) => number(row, column.name).is_some_and(|number| number_fits(number, test)),
    }
}

fn text_fits(value: &str, test: &Test) -> bool {
    match test {
        Test::Exists => !value.is_empty(),
        Test::Is(pattern) => pattern.is_all_of(value),
        Test::Compare(op, Value::Text(bound)) => op.holds(value, bound.as_str()),
        Test::Between(Value::Text(low), Value::Text(high)) => (low.as_str()..=high.as_str()).contains(&value),
        test => decimal(value).is_some_and(|number| number_fits(number, test)),
    }
}

fn number_fits(value: f64, test: &Test) -> bool {
    let bound = |bound: &Value| match bound {
        Value::Number(number) => Some(*number),
        Value::Whole(number) => Some(*number as f64),
        Value::Text(_) => None,
    };
    match test {
        Test::Compare(op, of) => bound(of).is_some_and(|bound| op.holds(&value, &bound)),
        Test::Between(low, high) => {
            bound(low).is_some_and(|low| value >= low) && bound(high).is_some_and(|high| value <= high)
        }
        Test::Exists | Test::Is(_) | Test::Truth(_) => false,
    }
}
