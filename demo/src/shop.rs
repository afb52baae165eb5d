//! The shop: its seed, and the releases that change its behaviour.

use crate::{HOUR, Service};

/// The shop. All its events follow from a seed and the time `now`, before which its releases took place.
#[derive(Debug, Clone)]
pub struct Shop {
    seed: u64,
    /// When the release that breaks product pages took place, in microseconds since 1970.
    broken_at: i64,
    /// When the release that fixes them took place, in microseconds since 1970.
    fixed_at: i64,
}

impl Shop {
    /// The version of the storefront that breaks product pages.
    pub const BROKEN: &'static str = "2.5.0";

    /// Creates the shop of a seed. The broken release took place 54 hours before `now`, and the fix 38 hours later.
    pub const fn new(seed: u64, now: i64) -> Self {
        Self {
            seed,
            broken_at: now - 54 * HOUR,
            fixed_at: now - 16 * HOUR,
        }
    }

    /// Returns the version of a service at a time.
    pub const fn version(&self, service: Service, time: i64) -> &'static str {
        match service {
            Service::Payments => "1.18.3",
            Service::Storefront | Service::ShopApi if time < self.broken_at => "2.4.1",
            Service::Storefront | Service::ShopApi if time < self.fixed_at => Self::BROKEN,
            Service::Storefront | Service::ShopApi => "2.5.1",
        }
    }

    /// Returns true if the stock can fall below zero at a time. This fault was fixed long before the broken release,
    /// and the release after that brings it back.
    pub(crate) const fn miscounts(&self, time: i64) -> bool {
        time < self.broken_at - 180 * HOUR || time >= self.fixed_at
    }

    pub(crate) const fn seed(&self) -> u64 {
        self.seed
    }
}
