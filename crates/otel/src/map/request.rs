//! Requests that a server answered.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::attributes::{Known, Lookup, first_text};
use super::number::{double, int, plausible_ms};
use super::promoted::Promoted;

/// The event of a request in logs.
pub(super) const EVENT: &str = "http.server.request";

/// Status codes of HTTP (RFC 9110, section 15).
const STATUS_CODES: RangeInclusive<i32> = 100..=599;

/// HttpRoute when the server gives none.
const NO_ROUTE: &str = "(none)";

/// The method: by the stable key, else by the old one; `""` when this is no HTTP.
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

/// Duration of a request in a log: `http.server.request.duration` in seconds, else `duration_ms`.
pub(super) fn logged_duration_ms(known: &Known<'_>) -> Option<f64> {
    let seconds = known.http_server_request_duration.and_then(double);
    seconds
        .map(|seconds| seconds * 1_000.0)
        .or_else(|| known.duration_ms.and_then(double))
}
