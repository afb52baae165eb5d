//! Converts values of attributes to numbers.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// The longest plausible duration: 7 days, in milliseconds. Longer ones come from times that were never set.
const MAX_MS: f64 = 7.0 * 24.0 * 3_600.0 * 1_000.0;

/// Returns the duration in milliseconds if it is from 0 to 7 days. A single absurd duration would shift every
/// percentile.
pub(super) fn plausible_ms(ms: f64) -> Option<f64> {
    (0.0..=MAX_MS).contains(&ms).then_some(ms)
}

/// Returns the value as a finite number, if it is a number or a text of one.
pub(super) fn double(value: &AnyValue) -> Option<f64> {
    let number = match value.value.as_ref()? {
        Value::IntValue(value) => *value as f64,
        Value::DoubleValue(value) => *value,
        Value::StringValue(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Returns the value as an integer of 32 bits, if it is one.
pub(super) fn int(value: &AnyValue) -> Option<i32> {
    let number = double(value)?;
    let fits = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    fits.then_some(number as i32)
}
