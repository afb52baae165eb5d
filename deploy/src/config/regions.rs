//! The regions of Fly.io.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// A region of Fly.io.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Region {
    /// The city.
    pub city: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

static REGIONS: LazyLock<BTreeMap<String, Region>> =
    LazyLock::new(|| toml::from_str(include_str!("../regions.toml")).unwrap_or_default());

/// Returns the region with this code.
pub fn region(code: &str) -> Option<&'static Region> {
    REGIONS.get(code)
}

/// Returns the codes of all regions, for messages.
pub(super) fn codes() -> String {
    REGIONS.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_a_place_on_earth() {
        assert_eq!(REGIONS.len(), 18);
        for (code, region) in REGIONS.iter() {
            assert_eq!(code.len(), 3);
            assert!(
                region.latitude.abs() <= 90.0 && region.longitude.abs() <= 180.0,
                "{code}"
            );
        }
    }
}
