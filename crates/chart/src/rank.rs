//! The one sort order of the crate.

/// Returns the positions of numbers, largest first. Equal numbers keep their order.
///
/// All sorting by value goes through this function: each further sorted type would add kilobytes to the browser's
/// bundle.
pub fn ranked(weights: impl Iterator<Item = f64>) -> Vec<usize> {
    by_weight(&weights.collect::<Vec<f64>>())
}

fn by_weight(weights: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    order
}

#[cfg(test)]
mod tests {
    use super::ranked;

    #[test]
    fn equal_ones_keep_their_order() {
        assert_eq!(ranked([1.0, 3.0, 1.0, 2.0].into_iter()), [1, 3, 0, 2]);
    }
}
