//! Converts times and attribute values to the types of the OpenTelemetry SDK.

use std::time::{Duration, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::logs::AnyValue;

use lakefront_demo::{Attribute, Value};

/// Converts microseconds since 1970. Negative times become 1970.
pub(super) fn system_time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.max(0).unsigned_abs())
}

pub(super) fn any(value: Value) -> AnyValue {
    match value {
        Value::Text(text) => text.into(),
        Value::Int(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Bool(truth) => truth.into(),
    }
}

pub(super) fn key_values(attributes: Vec<Attribute>) -> Vec<KeyValue> {
    attributes
        .into_iter()
        .map(|(key, value)| match value {
            Value::Text(text) => KeyValue::new(key, text),
            Value::Int(number) => KeyValue::new(key, number),
            Value::Float(number) => KeyValue::new(key, number),
            Value::Bool(truth) => KeyValue::new(key, truth),
        })
        .collect()
}
