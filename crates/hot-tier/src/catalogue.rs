//! The list of views, as the build script wrote it from `queries/`.

use std::sync::LazyLock;

use crate::View;

static VIEWS: LazyLock<Vec<View>> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/views.json")))
        .expect("the build script wrote it from the same types")
});

/// Returns all views of the hot tier, sorted by name.
pub fn views() -> &'static [View] {
    &VIEWS
}

/// Returns the version of the raw tables in `otel.coverage`: a hash of their definitions and of the mapping that fills
/// them.
pub fn raw_version() -> &'static str {
    env!("LAKEFRONT_RAW_VERSION")
}
