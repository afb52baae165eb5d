//! Web vitals.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::AnyValue;

use super::any_value::entry;
use super::attributes::{Known, first_text};
use super::number::double;

/// The event that carries one.
pub(super) const EVENT: &str = "browser.web_vital";

/// Name, in lower case, and value of a web vital: from its attributes, else from a body that is a map.
pub(super) fn vital<'a>(known: &Known<'a>, body: Option<&'a AnyValue>) -> (Cow<'a, str>, Option<f64>) {
    let name = first_text([known.browser_web_vital_name, known.name, entry(body, "name")]);
    let values = [known.browser_web_vital_value, known.value, entry(body, "value")];
    let value = values.into_iter().flatten().find_map(double);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return (Cow::Owned(name.to_ascii_lowercase()), value);
    }
    (name, value)
}
