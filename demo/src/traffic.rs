//! The traffic of the shop: the events of any range of time.

use crate::rng::Rng;
use crate::shop::Shop;
use crate::visit::visit;
use crate::{DAY, Environment, Event, HOUR, SECOND, Service, Source, backend};

/// The number of visits on an ordinary day.
const VISITS_A_DAY: f64 = 680.0;

impl Shop {
    /// Returns the events that begin in `[from, to)` (in microseconds since 1970), oldest first.
    ///
    /// The events of a range are the same if it is requested in several smaller ranges.
    pub fn events(&self, from: i64, to: i64) -> Vec<Event> {
        let mut events = Vec::new();
        // No visit is longer than 3 hours: it has at most forty pages of at most 150 seconds, and the steps of an
        // order.
        let mut hour = (from - 3 * HOUR).div_euclid(HOUR);
        while hour * HOUR < to {
            self.hour(hour, &mut events);
            hour += 1;
        }
        events.retain(|event| (from..to).contains(&event.time));
        events.sort_by_key(|event| event.time);
        events
    }

    /// Adds the visits that begin in an hour, up to their ends, and the log lines that belong to no visit.
    fn hour(&self, hour: i64, into: &mut Vec<Event>) {
        let mut rng = Rng::new(self.seed(), 0x5409, hour as u64);
        for _ in 0..rng.count(VISITS_A_DAY / 24.0 * rhythm(hour)) {
            let time = hour * HOUR + rng.between(0, HOUR);
            visit(self, &mut rng, time, into);
        }
        for quarter in 0..4 {
            let time = hour * HOUR + quarter * HOUR / 4 + rng.between(0, SECOND);
            let source = Source {
                service: Service::Payments,
                environment: Environment::Production,
                version: self.version(Service::Payments, time),
            };
            into.push(backend::heartbeat(&mut rng, source, time));
        }
    }
}

/// Returns the traffic of an hour (counted from 1970, UTC) relative to the mean. Evenings and weekends are busy, nights
/// are quiet.
fn rhythm(hour: i64) -> f64 {
    let of_day = hour.rem_euclid(24) as f64;
    // 1970-01-01 was a Thursday: 2 is Saturday, 3 is Sunday.
    let weekday = (hour * HOUR).div_euclid(DAY).rem_euclid(7);
    let week = match weekday {
        2 => 1.25,
        3 => 1.4,
        1 => 0.95,
        _ => 0.87,
    };
    // The busiest hour is 19:00 UTC, with a smaller peak at noon.
    let day = 1.0
        + 0.75 * ((of_day - 19.0) / 24.0 * std::f64::consts::TAU).cos()
        + 0.2 * ((of_day - 12.0) / 12.0 * std::f64::consts::TAU).cos();
    week * day.max(0.05)
}

#[cfg(test)]
#[path = "traffic_tests.rs"]
mod tests;
