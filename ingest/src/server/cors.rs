//! Cross-origin requests: browsers send telemetry from pages of other origins.

use std::time::Duration;

use axum::http::{HeaderValue, Method, header::RETRY_AFTER};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Returns the layer that answers preflights and marks answers for the given origins. `*` means all origins.
pub fn layer(origins: &[String]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
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
        .expose_headers([RETRY_AFTER])
        .max_age(Duration::from_secs(2 * 60 * 60))
}
