//! The columns of HTTP requests that a server answered.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::attributes::{Known, Lookup, first_text};
use super::number::{double, int, plausible_ms};
use super::promoted::Promoted;

/// Name of the event of a request in logs.
pub(super) const EVENT: &str = "http.server.request";

/// The status codes of HTTP (RFC 9110, section 15).
const STATUS_CODES: RangeInclusive<i32> = 100..=599;

/// Value of `HttpRoute` if the server names no route.
const NO_ROUTE: &str = "(none)";

/// Returns the method from the stable attribute, else from the old one. Returns `""` if the record is not about HTTP.
pub(super) fn method<'a>(known: &Known<'a>) -> Cow<'a, str> {
    first_text([known.http_request_method, known.http_method])
}

/// Fills the columns of a request.
pub(super) fn fill<'a>(row: &mut Promoted<'a>, attributes: &Lookup<'_, 'a>, duration_ms: Option<f64>) {
    let known = attributes.record;
    row.http_route = first_text([known.http_route]);
    if row.http_route.is_empty() {
        row.http_route = Cow::Borrowed(NO_ROUTE);
    }
    row.http_method = method(known);
    row.http_status_code = [known.http_response_status_code, known.http_status_code]
        .into_iter()
        .flatten()
        .filter_map(int)
        .find(|status| STATUS_CODES.contains(status));
    row.duration_ms = duration_ms.and_then(plausible_ms);
}

/// Returns the duration of a logged request in milliseconds: `http.server.request.duration` (seconds), else
/// `duration_ms`.
pub(super) fn logged_duration_ms(known: &Known<'_>) -> Option<f64> {
    let seconds = known.http_server_request_duration.and_then(double);
    seconds
        .map(|seconds| seconds * 1_000.0)
        .or_else(|| known.duration_ms.and_then(double))
}
