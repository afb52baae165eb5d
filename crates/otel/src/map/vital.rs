//! The columns of web vitals, such as `lcp` and `cls`.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::AnyValue;

use super::any_value::entry;
use super::attributes::{Known, first_text};
use super::number::{double, plausible_ms};

/// Name of the event of a web vital.
pub(super) const EVENT: &str = "browser.web_vital";

/// The highest plausible layout shift. Pages that jump all the time reach 10.
const MAX_SHIFT: f64 = 100.0;

/// Returns the name, in lower case, and the value of a web vital: from its attributes, else from a body that is a map.
pub(super) fn vital<'a>(known: &Known<'a>, body: Option<&'a AnyValue>) -> (Cow<'a, str>, Option<f64>) {
    let name = first_text([known.browser_web_vital_name, known.name, entry(body, "name")]);
    let values = [known.browser_web_vital_value, known.value, entry(body, "value")];
    let plausible = |value: f64| {
        if name.eq_ignore_ascii_case("cls") {
            (0.0..=MAX_SHIFT).contains(&value).then_some(value)
        } else {
            plausible_ms(value)
        }
    };
    let value = values.into_iter().flatten().find_map(double).and_then(plausible);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return (Cow::Owned(name.to_ascii_lowercase()), value);
    }
    (name, value)
}
