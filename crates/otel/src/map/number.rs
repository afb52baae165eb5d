//! Values of attributes as numbers.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// The value as a finite number: a number, or text that is one.
pub(super) fn double(value: &AnyValue) -> Option<f64> {
    let number = match value.value.as_ref()? {
        Value::IntValue(value) => *value as f64,
        Value::DoubleValue(value) => *value,
        Value::StringValue(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// The value as a whole number.
pub(super) fn int(value: &AnyValue) -> Option<i32> {
    let number = double(value)?;
    let fits = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    fits.then_some(number as i32)
}
