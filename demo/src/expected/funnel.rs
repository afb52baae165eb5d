use std::collections::BTreeMap;

use super::{Ask, Cell, Row};
use crate::{Event, Facts};

/// The labels of the funnel's steps.
const LABELS: [&str; 5] = ["Visit", "Product", "Cart", "Checkout", "Order"];

/// day, step, label, sessions, conversion, of the funnel `shop`.
pub fn funnel(events: &[Event], ask: &Ask) -> Vec<Row> {
    // How many sessions reached each step, by day.
    let mut days = BTreeMap::<_, [usize; 5]>::new();
    let step = |facts: &Facts| {
        if facts.view {
            Some(1)
        } else {
            facts.step.map(usize::from)
        }
    };
    for steps in ask.sessions(events, step) {
        // Each step counts when it comes after the one before; a day is within the window whatever happens.
        let reached = steps.iter().fold(0, |reached, &(_, step)| {
            reached + usize::from(step == reached + 1)
        });
        if reached > 0 {
            let counts = days.entry(ask.day(steps[0].0)).or_default();
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
