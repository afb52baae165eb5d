//! Values of attributes as numbers.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// The longest duration that is one, in milliseconds: 7 days. Longer ones are made of times that were never set.
const MAX_MS: f64 = 7.0 * 24.0 * 3_600.0 * 1_000.0;

/// The duration, if it can be one. A single absurd one would move every percentile it is part of.
pub(super) fn plausible_ms(ms: f64) -> Option<f64> {
    (0.0..=MAX_MS).contains(&ms).then_some(ms)
}

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
