//! The expected answer of `api_latency`.

use std::collections::BTreeMap;

use super::cell::quantile;
use super::{Arguments, Cell, Row};
use crate::Event;

/// Returns the requests, errors and latency of each route per hour.
///
/// Columns: hour, service, method, route, requests, errors, p50_ms, p99_ms.
pub fn api_latency(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut routes = BTreeMap::<(i64, &str, &str, &str), (usize, Vec<f64>)>::new();
    for event in arguments.hours(events) {
        let Some(request) = &event.facts.request else {
            continue;
        };
        let key = (
            arguments.hour(event.time),
            event.source.service.name(),
            request.method,
            request.route,
        );
        let (failed, durations) = routes.entry(key).or_default();
        *failed += usize::from(request.failed);
        durations.push(request.duration as f64 / 1e3);
    }
    routes
        .into_iter()
        .map(|((hour, service, method, route), (failed, mut durations))| {
            vec![
                Cell::Time(hour),
                service.into(),
                method.into(),
                route.into(),
                durations.len().into(),
                failed.into(),
                quantile(&mut durations, 0.5),
                quantile(&mut durations, 0.99),
            ]
        })
        .collect()
}
