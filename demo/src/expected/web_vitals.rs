//! The expected answers of `web_vitals` and `web_vitals_by_device`.

use std::collections::BTreeMap;

use super::cell::quantile;
use super::{Arguments, Row};
use crate::{Event, Facts};

/// Returns the percentiles of web vitals by page.
///
/// Columns: page, vital, samples, p75, p95.
pub fn web_vitals(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    vitals(events, arguments, |facts| &facts.page)
}

/// Returns the percentiles of web vitals by device.
///
/// Columns: device, vital, samples, p75, p95.
pub fn web_vitals_by_device(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    vitals(events, arguments, |facts| facts.device)
}

fn vitals(events: &[Event], arguments: &Arguments, by: impl Fn(&Facts) -> &str) -> Vec<Row> {
    let mut vitals = BTreeMap::<(&str, &str), Vec<f64>>::new();
    for event in arguments.hours(events).filter(|event| !event.facts.bot) {
        if let Some((name, value)) = event.facts.vital {
            vitals.entry((by(&event.facts), name)).or_default().push(value);
        }
    }
    vitals
        .into_iter()
        .map(|((measured, name), mut values)| {
            let samples = values.len().into();
            vec![
                measured.into(),
                name.into(),
                samples,
                quantile(&mut values, 0.75),
                quantile(&mut values, 0.95),
            ]
        })
        .collect()
}
