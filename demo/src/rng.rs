//! Random choices that a seed makes repeatable.

/// A generator of random choices.
pub(crate) struct Rng(fastrand::Rng);

impl Rng {
    /// Creates the generator for the item `index` of the kind `salt` in the world of `seed`. Neighbouring items are
    /// unrelated.
    pub(crate) fn new(seed: u64, salt: u64, index: u64) -> Self {
        let mut mix = fastrand::Rng::with_seed(seed ^ salt.rotate_left(32));
        Self(fastrand::Rng::with_seed(
            mix.u64(..) ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        ))
    }

    /// Returns a number from 0 to 1, without 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.f64()
    }

    /// Returns true with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Returns an integer from `low` to `high`, without `high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.i64(low..high)
    }

    /// Returns one of the items, each with the same probability.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())]
    }

    /// Returns one of the items, with probabilities in proportion to their weights.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(T, u32)]) -> T {
        let all: u32 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.0.u32(..all);
        for &(item, weight) in of {
            if left < weight {
                return item;
            }
            left -= weight;
        }
        of[of.len() - 1].0
    }

    /// Returns a log-normal number with this median: most are near it, a few far above. A `spread` of 0.5 is narrow, 1
    /// is wide.
    pub(crate) fn skewed(&mut self, median: f64, spread: f64) -> f64 {
        // This is the Box–Muller transform. The term 1 - x keeps the logarithm's argument above zero.
        let normal = (-2.0 * (1.0 - self.share()).ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos();
        median * (spread * normal).exp()
    }

    /// Returns a random whole number near `mean`, whose mean is `mean`.
    pub(crate) fn count(&mut self, mean: f64) -> u64 {
        let noisy = mean * (0.85 + 0.3 * self.share());
        noisy as u64 + u64::from(self.chance(noisy.fract()))
    }

    /// Returns a span id, which is never zero.
    pub(crate) fn span_id(&mut self) -> u64 {
        self.0.u64(1..)
    }

    /// Returns a trace id, which is never zero.
    pub(crate) fn trace_id(&mut self) -> u128 {
        self.0.u128(1..)
    }

    /// Returns a UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.0.u128(..).to_be_bytes())
            .into_uuid()
            .to_string()
    }
}
