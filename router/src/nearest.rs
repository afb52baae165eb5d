//! The order of engines by their distance from the client.

use crate::place::Place;

/// Returns the indexes of engines by their distance from `asker`, nearest first.
///
/// The order is unchanged if the place of `asker` is unknown. An engine of unknown place comes after those of known
/// places.
pub fn nearest_first(asker: Option<Place>, engines: impl IntoIterator<Item = Option<Place>>) -> Vec<usize> {
    let distance = |place: Option<Place>| match (asker, place) {
        (Some(asker), Some(place)) => asker.distance(place),
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

    #[test]
    fn the_nearest_comes_first_and_ties_keep_their_order() {
        let (us, eu) = (Place::new(39.0, -77.5), Place::new(50.1, 8.7));
        let (boston, tunis, auckland) = (
            Place::new(42.4, -71.1),
            Place::new(36.8, 10.2),
            Place::new(-36.8, 174.8),
        );
        for (asker, engines, expected) in [
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
                nearest_first(asker, engines.clone()),
                expected,
                "{asker:?} {engines:?}"
            );
        }
    }
}
