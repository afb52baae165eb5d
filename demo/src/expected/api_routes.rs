//! The expected answers of `api_routes` and `api_heatmap`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::cell::{quantile, share};
use super::{Arguments, Cell, Row};
use crate::{Event, SECOND};

/// Returns the rate, errors and latency of each route over the range.
///
/// Columns: service, method, route, requests, per_minute, error_share, p50_ms, p95_ms, p99_ms.
pub fn api_routes(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut routes = BTreeMap::<(&str, &str, &str), (usize, Vec<f64>)>::new();
    for event in arguments.hours(events) {
        if let Some(request) = &event.facts.request {
            let key = (event.source.service.name(), request.method, request.route);
            let (failed, durations) = routes.entry(key).or_default();
            *failed += usize::from(request.failed);
            durations.push(request.duration as f64 / 1e3);
        }
    }
    let range = arguments.whole_hours();
    let seconds = (range.end.min(arguments.now) - range.start) as f64 / SECOND as f64;
    let mut rows: Vec<_> = routes.into_iter().collect();
    rows.sort_by_key(|(route, (_, durations))| (Reverse(durations.len()), *route));
    rows.truncate(arguments.limit);
    rows.into_iter()
        .map(|((service, method, route), (failed, mut durations))| {
            let requests = durations.len();
            vec![
                service.into(),
                method.into(),
                route.into(),
                requests.into(),
                Cell::Share(requests as f64 * 60.0 / seconds),
                share(failed, requests),
                quantile(&mut durations, 0.5),
                quantile(&mut durations, 0.95),
                quantile(&mut durations, 0.99),
            ]
        })
        .collect()
}

/// Returns the number of requests per hour and band of latency. A band begins at a power of two of milliseconds, or at
/// 0.
///
/// Columns: hour, band_ms, requests.
pub fn api_heatmap(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut cells = BTreeMap::<(i64, usize), usize>::new();
    for event in arguments.hours(events) {
        if let Some(request) = &event.facts.request {
            let millis = request.duration / 1_000;
            let mut band = 0;
            while band < 64 && 1 << band <= millis {
                band += 1;
            }
            let band = if band == 0 { 0 } else { 1 << (band - 1) };
            *cells.entry((arguments.hour(event.time), band)).or_default() += 1;
        }
    }
    cells
        .into_iter()
        .map(|((hour, band), requests)| vec![Cell::Time(hour), band.into(), requests.into()])
        .collect()
}
