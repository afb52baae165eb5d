//! The expected answers of `top_countries` and `top_devices`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, Row};
use crate::{Event, Facts};

/// Returns the countries with the most visitors.
///
/// Columns: country, visitors, sessions, page_views.
pub fn top_countries(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    visitors(events, arguments, |facts| facts.country)
}

/// Returns the devices with the most visitors.
///
/// Columns: device, visitors, sessions, page_views.
pub fn top_devices(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    visitors(events, arguments, |facts| facts.device)
}

/// Returns the visitors, sessions and page views, grouped by a property of the visitor.
fn visitors(events: &[Event], arguments: &Arguments, by: impl Fn(&Facts) -> &'static str) -> Vec<Row> {
    #[derive(Default)]
    struct Kind<'a> {
        visitors: BTreeSet<&'a str>,
        sessions: BTreeSet<&'a str>,
        views: usize,
    }

    let mut kinds = BTreeMap::<&str, Kind<'_>>::new();
    for event in arguments
        .days(events)
        .filter(|event| event.facts.view && !event.facts.bot)
    {
        let kind = kinds.entry(by(&event.facts)).or_default();
        kind.visitors.insert(&event.facts.visitor);
        kind.sessions.insert(&event.facts.session);
        kind.views += 1;
    }
    for kind in kinds.values_mut() {
        // The empty id stands for unknown visitors, who are not counted.
        kind.visitors.remove("");
        kind.sessions.remove("");
    }
    let mut rows: Vec<_> = kinds.into_iter().collect();
    rows.sort_by_key(|(name, kind)| (Reverse(kind.visitors.len()), *name));
    rows.truncate(arguments.limit);
    rows.into_iter()
        .map(|(name, kind)| {
            vec![
                name.into(),
                kind.visitors.len().into(),
                kind.sessions.len().into(),
                kind.views.into(),
            ]
        })
        .collect()
}
