//! The expected answer of `top_sources`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, Cell, Row};
use crate::Event;

/// Returns the sources with the most sessions. The source of a session is that of its first page view.
///
/// Columns: source, campaign, sessions, visitors, bounce_rate.
pub fn top_sources(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    #[derive(Default)]
    struct Source<'a> {
        sessions: usize,
        bounces: usize,
        visitors: BTreeSet<&'a str>,
    }

    let mut sources = BTreeMap::<(&str, &str), Source<'_>>::new();
    for views in arguments.sessions(events, |facts| {
        facts
            .view
            .then_some((facts.source, facts.campaign, facts.visitor.as_str()))
    }) {
        let (_, (name, campaign, visitor)) = views[0];
        let name = if name.is_empty() { "(direct)" } else { name };
        let source = sources.entry((name, campaign)).or_default();
        source.sessions += 1;
        source.bounces += usize::from(views.len() == 1);
        if !visitor.is_empty() {
            source.visitors.insert(visitor);
        }
    }
    let mut rows: Vec<_> = sources.into_iter().collect();
    rows.sort_by_key(|(name, source)| (Reverse(source.sessions), *name));
    rows.truncate(arguments.limit);
    rows.into_iter()
        .map(|((name, campaign), source)| {
            vec![
                name.into(),
                campaign.into(),
                source.sessions.into(),
                source.visitors.len().into(),
                Cell::Share(source.bounces as f64 / source.sessions as f64),
            ]
        })
        .collect()
}
