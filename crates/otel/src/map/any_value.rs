//! Converts values of attributes and bodies to text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Returns the value as text: strings as they are, numbers and booleans as written, bytes in base64, lists and maps as
/// JSON.
pub fn text(value: &AnyValue) -> Cow<'_, str> {
    match &value.value {
        None => Cow::Borrowed(""),
        Some(Value::StringValue(text)) => Cow::Borrowed(text),
        Some(Value::BoolValue(value)) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Some(Value::IntValue(value)) => Cow::Owned(value.to_string()),
        Some(Value::DoubleValue(value)) => Cow::Owned(value.to_string()),
        Some(Value::BytesValue(bytes)) => Cow::Owned(STANDARD.encode(bytes)),
        // This is an index into a dictionary, which only profiles have.
        Some(Value::StringValueStrindex(_)) => Cow::Borrowed(""),
        Some(Value::ArrayValue(_) | Value::KvlistValue(_)) => {
            Cow::Owned(serde_json::to_string(&Json(value)).unwrap_or_default())
        }
    }
}

/// Returns true if the value is `true` or the text `true`.
pub(super) fn is_true(value: Option<&AnyValue>) -> bool {
    value.is_some_and(|value| text(value) == "true")
}

/// Returns the value of a key, if `value` is a map that has the key.
pub(super) fn entry<'a>(value: Option<&'a AnyValue>, key: &str) -> Option<&'a AnyValue> {
    match value?.value.as_ref()? {
        Value::KvlistValue(list) => list.values.iter().find(|entry| entry.key == key)?.value.as_ref(),
        _ => None,
    }
}

/// A value that serializes as JSON. Decoding has bounded its depth.
struct Json<'a>(&'a AnyValue);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            None | Some(Value::StringValueStrindex(_)) => serializer.serialize_unit(),
            Some(Value::BoolValue(value)) => serializer.serialize_bool(*value),
            Some(Value::IntValue(value)) => serializer.serialize_i64(*value),
            Some(Value::DoubleValue(value)) => serializer.serialize_f64(*value),
            Some(Value::StringValue(_) | Value::BytesValue(_)) => serializer.serialize_str(&text(self.0)),
            Some(Value::ArrayValue(array)) => serializer.collect_seq(array.values.iter().map(Json)),
            Some(Value::KvlistValue(list)) => {
                let mut map = serializer.serialize_map(Some(list.values.len()))?;
                for KeyValue { key, value, .. } in &list.values {
                    map.serialize_entry(key, &value.as_ref().map(Json))?;
                }
                map.end()
            }
        }
    }
}
