//! The expected answers of `totals` and `service_health`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::cell::{quantile, share};
use super::{Arguments, Cell, Row};
use crate::Event;

/// The counts of one service, or of all services.
#[derive(Default)]
struct Totals<'a> {
    errors: usize,
    failed: usize,
    durations: Vec<f64>,
    visitors: BTreeSet<&'a str>,
    last: i64,
}

impl<'a> Totals<'a> {
    /// Adds an event. Events that are no error, no request and no page view of a person are ignored.
    fn add(&mut self, event: &'a Event) {
        let facts = &event.facts;
        let viewed = facts.view && !facts.bot;
        if facts.error.is_none() && facts.request.is_none() && !viewed {
            return;
        }
        self.last = self.last.max(event.time);
        self.errors += usize::from(facts.error.is_some());
        if let Some(request) = &facts.request {
            self.failed += usize::from(request.failed);
            self.durations.push(request.duration as f64 / 1e3);
        }
        if viewed && !facts.visitor.is_empty() {
            self.visitors.insert(&facts.visitor);
        }
    }
}

/// Returns the totals of the range in one row.
///
/// Columns: errors, requests, error_share, p95_ms, visitors.
pub fn totals(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut all = Totals::default();
    arguments.quarters(events).for_each(|event| all.add(event));
    vec![vec![
        all.errors.into(),
        all.durations.len().into(),
        share(all.failed, all.durations.len()),
        quantile(&mut all.durations, 0.95),
        all.visitors.len().into(),
    ]]
}

/// Returns the totals and the state of each service, the largest share of failed requests first. 5 % of failed requests
/// is "failing", 1 % is "degraded".
///
/// Columns: service, state, requests, error_share, p95_ms, errors, visitors, last_seen.
pub fn service_health(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut services = BTreeMap::<&str, Totals<'_>>::new();
    for event in arguments.hours(events) {
        services
            .entry(event.source.service.name())
            .or_default()
            .add(event);
    }
    services.retain(|_, totals| totals.last != 0);
    let mut services: Vec<_> = services.into_iter().collect();
    // Services without requests come last. Names are in order already.
    services.sort_by(|(_, left), (_, right)| {
        let order = |totals: &Totals<'_>| {
            let requests = totals.durations.len();
            (requests > 0).then(|| totals.failed as f64 / requests as f64)
        };
        order(right)
            .partial_cmp(&order(left))
            .unwrap_or(Ordering::Equal)
            .then(right.errors.cmp(&left.errors))
    });
    services
        .into_iter()
        .map(|(service, mut totals)| {
            let requests = totals.durations.len();
            let state = match (requests, totals.failed * 100) {
                (0, _) => "",
                (_, failed) if failed >= requests * 5 => "failing",
                (_, failed) if failed >= requests => "degraded",
                _ => "ok",
            };
            vec![
                service.into(),
                state.into(),
                requests.into(),
                share(totals.failed, requests),
                quantile(&mut totals.durations, 0.95),
                totals.errors.into(),
                totals.visitors.len().into(),
                Cell::Time(totals.last),
            ]
        })
        .collect()
}
