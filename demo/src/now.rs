use crate::dice::Dice;
use crate::visit::visit;
use crate::{Event, SECOND, Shop};

/// Events of a mean visit.
const EVENTS_A_VISIT: f64 = 18.0;
/// Visits that began so long before are still going on when this begins, in seconds.
const BEFORE: i64 = 900;

/// The shop as busy as somebody wants it, from an instant on.
#[derive(Debug)]
pub struct Live<'a> {
    shop: &'a Shop,
    visits_a_second: f64,
    /// The next second whose visits are to be made.
    second: i64,
    /// No event before this, in microseconds since 1970.
    from: i64,
    /// What is yet to happen.
    ahead: Vec<Event>,
}

impl<'a> Live<'a> {
    /// About `rate` events a second from `from` (in microseconds since 1970) on.
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

    /// What began before `to` and was not returned yet, oldest first.
    pub fn until(&mut self, to: i64) -> Vec<Event> {
        while self.second * SECOND < to {
            let mut dice = Dice::new(self.shop.seed(), 0x11fe, self.second as u64);
            for _ in 0..dice.count(self.visits_a_second) {
                let time = self.second * SECOND + dice.between(0, SECOND);
                visit(self.shop, &mut dice, time, &mut self.ahead);
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
