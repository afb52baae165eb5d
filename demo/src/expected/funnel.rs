//! The expected answer of `funnel`.

use std::collections::BTreeMap;

use super::{Arguments, Cell, Row};
use crate::{Event, Facts};

/// The steps of the shop's funnel.
const LABELS: [&str; 5] = [
    "page",
    "shop.product_viewed",
    "shop.cart_added",
    "shop.checkout_started",
    "shop.order_placed",
];

/// Returns the number of sessions that reached each step of the shop's funnel, per day.
///
/// Columns: day, step, label, sessions, conversion.
pub fn funnel(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    // The number of sessions that reached each step, by day.
    let mut days = BTreeMap::<_, [usize; 5]>::new();
    let step = |facts: &Facts| {
        if facts.view {
            Some(1)
        } else {
            facts.step.map(usize::from)
        }
    };
    for steps in arguments.sessions(events, step) {
        // A step counts if it comes after the one before. The funnel's window is longer than
        // any session.
        let reached = steps.iter().fold(0, |reached, &(_, step)| {
            reached + usize::from(step == reached + 1)
        });
        if reached > 0 {
            let counts = days.entry(arguments.day(steps[0].0)).or_default();
            counts[..reached].iter_mut().for_each(|count| *count += 1);
        }
    }
    days.into_iter()
        .flat_map(|(day, counts)| {
            LABELS
                .into_iter()
                .zip(counts)
                .enumerate()
                .map(move |(at, (label, count))| {
                    let conversion = count as f64 / counts[0] as f64;
                    vec![
                        Cell::Day(day),
                        (at + 1).into(),
                        label.into(),
                        count.into(),
                        Cell::Share(conversion),
                    ]
                })
        })
        .collect()
}
