//! Evaluates a search on one row in plain Rust: the meaning that the SQL condition must have.

use lakefront_api::Signal;
use serde_json::{Map, Value as Json};

use crate::column::{Column, Kind, RESOURCE, attributes, texts};
use crate::expression::{Expression, Field, Test, Value};
use crate::parse::Search;
use crate::typed::decimal;

/// A row of a signal's table.
pub trait Row {
    /// Returns the text of a column, or an empty text.
    fn text(&self, column: &str) -> &str;

    /// Returns the number of a column, or `None` if it is absent.
    fn number(&self, column: &str) -> Option<f64>;

    /// Returns the truth of a column.
    fn truth(&self, column: &str) -> Option<bool>;

    /// Returns the value of a key of a column of attributes.
    fn attribute(&self, map: &str, key: &str) -> Option<&str>;

    /// Returns true if one of the values of a column of attributes fits.
    fn has_value(&self, map: &str, fits: &dyn Fn(&str) -> bool) -> bool;
}

/// An object of the signal's columns, as ClickHouse writes it as JSON.
impl Row for Map<String, Json> {
    fn text(&self, column: &str) -> &str {
        self.get(column).and_then(Json::as_str).unwrap_or_default()
    }

    /// 64-bit numbers may be texts in JSON.
    fn number(&self, column: &str) -> Option<f64> {
        match self.get(column)? {
            Json::String(text) => text.parse().ok(),
            other => other.as_f64(),
        }
    }

    fn truth(&self, column: &str) -> Option<bool> {
        self.get(column)?.as_bool()
    }

    fn attribute(&self, map: &str, key: &str) -> Option<&str> {
        self.get(map)?.get(key)?.as_str()
    }

    fn has_value(&self, map: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        let attributes = self.get(map).and_then(Json::as_object);
        let mut values = attributes.into_iter().flat_map(Map::values);
        values.any(|value| value.as_str().is_some_and(fits))
    }
}

impl Search {
    /// Returns true if a row fits.
    pub fn fits(&self, row: &impl Row) -> bool {
        expression(self.signal, &self.root, row)
    }
}

fn expression(signal: Signal, of: &Expression, row: &impl Row) -> bool {
    match of {
        Expression::All(parts) => parts.iter().all(|part| expression(signal, part, row)),
        Expression::Any(parts) => parts.iter().any(|part| expression(signal, part, row)),
        Expression::Not(inner) => !expression(signal, inner, row),
        Expression::Text(pattern) => {
            let mut own = texts(signal).iter();
            own.any(|column| pattern.is_in(row.text(column)))
                || row.has_value(attributes(signal), &|value| pattern.is_in(value))
        }
        Expression::Field(Field::Column(column), test) => column_fits(column, test, row),
        Expression::Field(Field::Attribute(name), test) => {
            let of = |map: &str| row.attribute(map, name).filter(|value| !value.is_empty());
            let value = of(attributes(signal))
                .or_else(|| of(RESOURCE))
                .unwrap_or_default();
            text_fits(value, test)
        }
    }
}

fn column_fits(column: &Column, test: &Test, row: &impl Row) -> bool {
    match (column.kind, test) {
        (Kind::Name | Kind::Hex | Kind::OneOf(_), test) => text_fits(row.text(column.name), test),
        (Kind::Words, Test::Is(pattern)) => pattern.is_in(row.text(column.name)),
        (Kind::Words, test) => text_fits(row.text(column.name), test),
        (Kind::Truth, Test::Truth(wanted)) => row.truth(column.name) == Some(*wanted),
        (Kind::Truth, _) => true,
        (Kind::Nanoseconds | Kind::Severity, Test::Exists) => row.number(column.name) != Some(0.0),
        (_, Test::Exists) => row.number(column.name).is_some(),
        (_, test) => row
            .number(column.name)
            .is_some_and(|number| number_fits(number, test)),
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
