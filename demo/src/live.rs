//! The shop's events from an instant on, at a chosen rate.

use crate::rng::Rng;
use crate::visit::visit;
use crate::{Event, SECOND, Shop};

/// The mean number of events of a visit.
const EVENTS_A_VISIT: f64 = 18.0;
/// The number of seconds before the start from which visits are generated. Visits from then may still be going on at
/// the start.
const BEFORE: i64 = 900;

/// A generator of the shop's events from an instant on, at a chosen rate.
#[derive(Debug)]
pub struct Live<'a> {
    shop: &'a Shop,
    visits_a_second: f64,
    /// The next second whose visits are to be generated, in seconds since 1970.
    second: i64,
    /// The time of the first possible event, in microseconds since 1970.
    from: i64,
    /// The generated events that were not returned yet.
    ahead: Vec<Event>,
}

impl<'a> Live<'a> {
    /// Creates a generator of about `rate` events a second from `from` (in microseconds since 1970) on.
    pub fn new(shop: &'a Shop, from: i64, rate: u32) -> Self {
        let second = from.div_euclid(SECOND) - BEFORE;
        Self {
            shop,
            visits_a_second: f64::from(rate) / EVENTS_A_VISIT,
            second,
            from,
            ahead: Vec::new(),
        }
    }

    /// Returns the events that begin before `to` and were not returned yet, oldest first.
    pub fn until(&mut self, to: i64) -> Vec<Event> {
        while self.second * SECOND < to {
            let mut rng = Rng::new(self.shop.seed(), 0x11fe, self.second as u64);
            for _ in 0..rng.count(self.visits_a_second) {
                let time = self.second * SECOND + rng.between(0, SECOND);
                visit(self.shop, &mut rng, time, &mut self.ahead);
            }
            self.second += 1;
        }
        let from = self.from;
        let mut now: Vec<_> = self.ahead.extract_if(.., |event| event.time < to).collect();
        now.retain(|event| event.time >= from);
        now.sort_by_key(|event| event.time);
        now
    }
}
