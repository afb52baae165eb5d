use std::collections::BTreeMap;

use super::cell::quantile;
use super::{Ask, Row};
use crate::Event;

/// page, vital, samples, p75, p95.
pub fn web_vitals(events: &[Event], ask: &Ask) -> Vec<Row> {
    let mut vitals = BTreeMap::<(&str, &str), Vec<f64>>::new();
    for event in ask.hours(events).filter(|event| !event.facts.bot) {
        if let Some((name, value)) = event.facts.vital {
            vitals.entry((&event.facts.page, name)).or_default().push(value);
        }
    }
    vitals
        .into_iter()
        .map(|((page, name), mut values)| {
            let samples = values.len().into();
            vec![
                page.into(),
                name.into(),
                samples,
                quantile(&mut values, 0.75),
                quantile(&mut values, 0.95),
            ]
        })
        .collect()
}
