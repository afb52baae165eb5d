//! Points on Earth, the distances between them, and the order of engines by distance from the client.

/// A point on the Earth's surface, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoPoint {
    latitude: f64,
    longitude: f64,
}

/// The mean radius of the Earth in kilometres (IUGG).
const EARTH_RADIUS: f64 = 6_371.008_8;

impl GeoPoint {
    /// Creates a place from degrees, north and east positive. Returns `None` if a value is outside -90 to 90 or -180 to
    /// 180.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self { latitude, longitude })
    }

    /// Parses latitude and longitude in degrees from two texts, which is how Cloudflare gives the place of a request.
    pub fn parse(latitude: &str, longitude: &str) -> Option<Self> {
        Self::new(latitude.trim().parse().ok()?, longitude.trim().parse().ok()?)
    }

    /// Returns the distance along the surface in kilometres, by the haversine formula, which is accurate to 0.5 %.
    ///
    /// <https://en.wikipedia.org/wiki/Haversine_formula>
    pub fn distance(self, other: Self) -> f64 {
        let haversine = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let shrunk = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let part =
            haversine(other.latitude - self.latitude) + shrunk * haversine(other.longitude - self.longitude);
        // Rounding can give more than 1 for opposite points.
        2.0 * EARTH_RADIUS * part.min(1.0).sqrt().asin()
    }
}

/// Returns the indexes of engines by their distance from the client, nearest first.
///
/// The order is unchanged if the client's location is unknown. An engine without a location comes last.
pub fn nearest_first(
    client: Option<GeoPoint>,
    engines: impl IntoIterator<Item = Option<GeoPoint>>,
) -> Vec<usize> {
    let distance = |place: Option<GeoPoint>| match (client, place) {
        (Some(client), Some(place)) => client.distance(place),
        (None, _) => 0.0,
        (Some(_), None) => f64::INFINITY,
    };
    let mut engines: Vec<(usize, f64)> = engines.into_iter().map(distance).enumerate().collect();
    engines.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    engines.into_iter().map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> GeoPoint {
        GeoPoint::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_of_known_places() {
        let (ashburn, frankfurt) = (place(39.04, -77.49), place(50.11, 8.68));
        let (suva, apia) = (place(-18.14, 178.44), place(-13.83, -171.77));
        for (one, other, kilometres) in [
            (ashburn, frankfurt, 6_549.0),
            // The shortest way crosses the date line.
            (suva, apia, 1_151.0),
            (place(90.0, 0.0), place(-90.0, 0.0), 20_015.0),
            (place(0.0, -180.0), place(0.0, 180.0), 0.0),
            (ashburn, ashburn, 0.0),
        ] {
            for distance in [one.distance(other), other.distance(one)] {
                assert!(
                    (distance - kilometres).abs() <= kilometres / 200.0 + 1e-6,
                    "{one:?} {other:?}: {distance}, not {kilometres}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for (latitude, longitude) in [
            ("", ""),
            ("90.1", "0"),
            ("0", "-180.1"),
            ("NaN", "0"),
            ("inf", "0"),
            ("39°", "0"),
        ] {
            assert_eq!(
                GeoPoint::parse(latitude, longitude),
                None,
                "{latitude} {longitude}"
            );
        }
        assert_eq!(GeoPoint::parse(" 39.04", "-77.49 "), GeoPoint::new(39.04, -77.49));
    }

    #[test]
    fn the_nearest_comes_first_and_ties_keep_their_order() {
        let (us, eu) = (GeoPoint::new(39.0, -77.5), GeoPoint::new(50.1, 8.7));
        let (boston, tunis, auckland) = (
            GeoPoint::new(42.4, -71.1),
            GeoPoint::new(36.8, 10.2),
            GeoPoint::new(-36.8, 174.8),
        );
        for (client, engines, expected) in [
            (boston, vec![us, eu], [0, 1]),
            (tunis, vec![us, eu], [1, 0]),
            (auckland, vec![eu, us], [1, 0]),
            (None, vec![us, eu], [0, 1]),
            (None, vec![eu, us], [0, 1]),
            (tunis, vec![None, eu], [1, 0]),
            (tunis, vec![None, None], [0, 1]),
            (us, vec![us, us], [0, 1]),
        ] {
            assert_eq!(
                nearest_first(client, engines.clone()),
                expected,
                "{client:?} {engines:?}"
            );
        }
    }
}
