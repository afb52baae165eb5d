//! Quantiles of histograms, as `histogram_quantile` of Prometheus estimates them.
//!
//! Differences: histograms of one step and series whose bounds differ are merged over the bounds that all of them have;
//! Prometheus adds up each bound for itself. An exponential histogram has no zero threshold in the lake, so that its
//! zero bucket has the value 0. A bucket that shrank without a restart counts as empty.

/// The measurements of a histogram with explicit bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Explicit {
    /// The upper bounds, ascending.
    pub bounds: Vec<f64>,
    /// The measurements of each bucket: one more than there are bounds.
    pub counts: Vec<f64>,
}

impl Explicit {
    /// Adds the measurements of another histogram, over the bounds that both have.
    pub fn merged(&self, other: &Self) -> Self {
        let both = |bound: &f64| other.bounds.contains(bound);
        let bounds: Vec<f64> = self.bounds.iter().copied().filter(both).collect();
        let mut counts = self.over(&bounds);
        for (count, more) in counts.iter_mut().zip(other.over(&bounds)) {
            *count += more;
        }
        Self { bounds, counts }
    }

    /// Returns the measurements over fewer bounds. Each of them must be a bound of this histogram.
    fn over(&self, bounds: &[f64]) -> Vec<f64> {
        let mut counts = vec![0.0; bounds.len() + 1];
        for (at, count) in self.counts.iter().enumerate() {
            let bucket = match self.bounds.get(at) {
                Some(bound) => bounds.partition_point(|upper| upper < bound),
                None => bounds.len(),
            };
            counts[bucket] += count.max(0.0);
        }
        counts
    }

    /// Returns a quantile from 0 to 1, linear within its bucket. `None` without measurements or bounds.
    ///
    /// A quantile in the last bucket is the greatest bound. The first bucket begins at 0, or has its bound as value if
    /// that is not above 0.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let total: f64 = self.counts.iter().map(|count| count.max(0.0)).sum();
        let greatest = *self.bounds.last()?;
        if total <= 0.0 {
            return None;
        }
        let rank = quantile * total;
        let mut below = 0.0;
        for (at, (&bound, &count)) in self.bounds.iter().zip(&self.counts).enumerate() {
            if below + count >= rank && count > 0.0 {
                return Some(match at.checked_sub(1).map(|before| self.bounds[before]) {
                    None if bound <= 0.0 => bound,
                    lower => {
                        let lower = lower.unwrap_or(0.0);
                        lower + (bound - lower) * ((rank - below) / count)
                    }
                });
            }
            below += count;
        }
        Some(greatest)
    }
}

/// The measurements of an exponential histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Exponential {
    /// The base of the bounds is `2^(2^-scale)`.
    pub scale: i32,
    /// The measurements that are zero.
    pub zeros: f64,
    /// Index and measurements of each bucket above zero, ascending.
    pub positive: Vec<(i32, f64)>,
    /// Index and measurements of each bucket below zero, by ascending distance from zero.
    pub negative: Vec<(i32, f64)>,
}

impl Exponential {
    /// Returns a quantile from 0 to 1, exponential within its bucket. `None` without measurements.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let bound = |index: i32| (f64::from(index) * (-f64::from(self.scale)).exp2()).exp2();
        let below_zero = self
            .negative
            .iter()
            .rev()
            .map(|&(index, count)| (-bound(index.saturating_add(1)), -bound(index), count));
        let above_zero = self
            .positive
            .iter()
            .map(|&(index, count)| (bound(index), bound(index.saturating_add(1)), count));
        let buckets: Vec<_> = below_zero
            .chain([(0.0, 0.0, self.zeros)])
            .chain(above_zero)
            .filter(|(.., count)| *count > 0.0)
            .collect();
        let total: f64 = buckets.iter().map(|(.., count)| count).sum();
        let rank = quantile * total;
        let mut below = 0.0;
        for &(lower, upper, count) in &buckets {
            if below + count >= rank {
                let fraction = (rank - below) / count;
                return Some(if lower == 0.0 {
                    0.0
                } else {
                    lower * (upper / lower).powf(fraction)
                });
            }
            below += count;
        }
        buckets.last().map(|&(_, upper, _)| upper)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Reference {
        quantiles: Vec<f64>,
        explicit: Vec<ExplicitCase>,
        exponential: Vec<ExponentialCase>,
    }

    #[derive(Deserialize)]
    struct ExplicitCase {
        bounds: Vec<f64>,
        counts: Vec<f64>,
        expected: Vec<f64>,
    }

    #[derive(Deserialize)]
    struct ExponentialCase {
        scale: i32,
        zeros: f64,
        positive: Vec<(f64, f64)>,
        negative: Vec<(f64, f64)>,
        expected: Vec<f64>,
    }

    fn reference() -> Reference {
        serde_json::from_str(include_str!("quantiles_of_prometheus.json")).unwrap()
    }

    fn near(found: Option<f64>, expected: f64, what: &str) {
        let found = found.unwrap();
        let apart = (found - expected).abs();
        assert!(
            apart <= 1e-9 * expected.abs().max(1.0),
            "{what}: {found}, not {expected}"
        );
    }

    #[test]
    fn explicit_buckets_are_those_of_prometheus() {
        let reference = reference();
        for case in reference.explicit {
            let histogram = Explicit {
                bounds: case.bounds,
                counts: case.counts,
            };
            for (&quantile, &expected) in reference.quantiles.iter().zip(&case.expected) {
                near(
                    histogram.quantile(quantile),
                    expected,
                    &format!("{histogram:?} at {quantile}"),
                );
            }
        }
    }

    #[test]
    fn exponential_buckets_are_those_of_prometheus() {
        let reference = reference();
        let indexed = |buckets: Vec<(f64, f64)>| {
            buckets
                .into_iter()
                .map(|(at, count)| (at as i32, count))
                .collect()
        };
        for case in reference.exponential {
            let histogram = Exponential {
                scale: case.scale,
                zeros: case.zeros,
                positive: indexed(case.positive),
                negative: indexed(case.negative),
            };
            for (&quantile, &expected) in reference.quantiles.iter().zip(&case.expected) {
                near(
                    histogram.quantile(quantile),
                    expected,
                    &format!("{histogram:?} at {quantile}"),
                );
            }
        }
    }

    fn explicit(bounds: &[f64], counts: &[f64]) -> Explicit {
        Explicit {
            bounds: bounds.to_vec(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn edges_of_explicit_buckets() {
        assert_eq!(explicit(&[1.0], &[0.0, 0.0]).quantile(0.5), None);
        assert_eq!(explicit(&[], &[3.0]).quantile(0.5), None);
        assert_eq!(explicit(&[1.0, 2.0], &[0.0, 4.0, 0.0]).quantile(0.0), Some(1.0));
        assert_eq!(explicit(&[1.0, 2.0], &[-9.0, 4.0, 0.0]).quantile(1.0), Some(2.0));
        // Fewer or more counts than there are buckets, which a sender may well send.
        assert_eq!(explicit(&[1.0, 2.0], &[4.0]).quantile(1.0), Some(1.0));
        assert_eq!(explicit(&[1.0], &[0.0, 0.0, 4.0]).quantile(0.5), Some(1.0));
    }

    #[test]
    fn other_bounds_are_merged_over_the_shared_ones() {
        let merged = explicit(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0])
            .merged(&explicit(&[1.5, 2.0], &[10.0, 20.0, 30.0]));
        assert_eq!(merged, explicit(&[2.0], &[33.0, 37.0]));
    }

    /// The plain definition: the measurement at the rank and the estimate are in the same bucket.
    #[test]
    fn an_exponential_estimate_is_within_its_bucket_of_the_measurement() {
        let mut measured: Vec<f64> = (1..=200).map(|at| 1.03f64.powi(at)).collect();
        measured.extend((1..=50).map(|at| -(1.07f64.powi(at))));
        measured.extend([0.0; 10]);
        measured.sort_by(f64::total_cmp);
        let scale = 3;
        let base = (-f64::from(scale)).exp2().exp2();
        let mut histogram = Exponential {
            scale,
            zeros: 0.0,
            positive: Vec::new(),
            negative: Vec::new(),
        };
        for &value in &measured {
            if value == 0.0 {
                histogram.zeros += 1.0;
                continue;
            }
            let side = if value > 0.0 {
                &mut histogram.positive
            } else {
                &mut histogram.negative
            };
            let index = (value.abs().log2() / base.log2()).ceil() as i32 - 1;
            match side.iter_mut().find(|(known, _)| *known == index) {
                Some((_, count)) => *count += 1.0,
                None => side.push((index, 1.0)),
            }
        }
        histogram.positive.sort_by_key(|(index, _)| *index);
        histogram.negative.sort_by_key(|(index, _)| *index);
        for percent in 1..=100 {
            let quantile = f64::from(percent) / 100.0;
            let rank = (quantile * measured.len() as f64).ceil() as usize;
            let exact = measured[rank - 1];
            let found = histogram.quantile(quantile).unwrap();
            let within = (found - exact).abs() <= exact.abs() * (base - 1.0) + 1e-9;
            assert!(within, "{percent} %: {found}, not {exact}");
        }
    }

    #[test]
    fn edges_of_exponential_buckets() {
        let empty = Exponential {
            scale: 0,
            zeros: 0.0,
            positive: Vec::new(),
            negative: Vec::new(),
        };
        assert_eq!(empty.quantile(0.5), None);
        let zeros = Exponential {
            zeros: 3.0,
            ..empty.clone()
        };
        assert_eq!(zeros.quantile(0.99), Some(0.0));
        // The index of a hostile sender has no value that can be drawn, and stops nothing.
        let far = Exponential {
            positive: vec![(i32::MAX, 2.0)],
            ..empty
        };
        assert!(!far.quantile(0.5).is_some_and(f64::is_finite));
    }
}
