//! The expected answer of `unique_visitors_per_day`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, Cell, Row};
use crate::Event;

/// Returns the visitors, sessions and page views of each day.
///
/// Columns: day, visitors, sessions, page_views.
pub fn unique_visitors_per_day(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    #[derive(Default)]
    struct Day<'a> {
        visitors: BTreeSet<&'a str>,
        sessions: BTreeSet<&'a str>,
        views: usize,
    }

    let mut days = BTreeMap::<_, Day<'_>>::new();
    for event in arguments
        .days(events)
        .filter(|event| event.facts.view && !event.facts.bot)
    {
        let day = days.entry(arguments.day(event.time)).or_default();
        day.visitors.insert(&event.facts.visitor);
        day.sessions.insert(&event.facts.session);
        day.views += 1;
    }
    days.into_iter()
        .map(|(day, mut counted)| {
            // The empty id stands for unknown visitors, who are not counted.
            counted.visitors.remove("");
            counted.sessions.remove("");
            vec![
                Cell::Day(day),
                counted.visitors.len().into(),
                counted.sessions.len().into(),
                counted.views.into(),
            ]
        })
        .collect()
}
