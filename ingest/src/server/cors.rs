//! Cross-origin requests: browsers send telemetry from pages of other origins.

use std::time::Duration;

use axum::http::{
    HeaderValue, Method,
    header::{DATE, RETRY_AFTER},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Returns the layer that answers preflights and marks answers for the given origins. `*` means all origins.
///
/// Answers name the origin and allow credentials, because `sendBeacon` always sends credentials. They count for
/// nothing here: a key is a header that only a page's script can set.
pub fn layer(origins: &[String]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::mirror_request()
    } else {
        // `Config::check` has checked that the origins are header values.
        AllowOrigin::list(
            origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok()),
        )
    };
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::POST])
        // SDKs let users add their own headers.
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
        // A page compares the date with the clock of its device.
        .expose_headers([RETRY_AFTER, DATE])
        .max_age(Duration::from_secs(2 * 60 * 60))
}
