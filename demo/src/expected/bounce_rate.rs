//! The expected answer of `bounce_rate`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Arguments, Cell, Row};
use crate::Event;

/// Returns the sessions and bounces of each landing page, which is the first page of a session.
///
/// Columns: page, sessions, bounces, bounce_rate.
pub fn bounce_rate(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut pages = BTreeMap::<&str, (usize, usize)>::new();
    for views in arguments.sessions(events, |facts| facts.view.then_some(facts.page.as_ref())) {
        let (landed, bounced) = pages.entry(views[0].1).or_default();
        *landed += 1;
        *bounced += usize::from(views.len() == 1);
    }
    let mut rows: Vec<_> = pages.into_iter().collect();
    rows.sort_by_key(|&(page, (landed, _))| (Reverse(landed), page));
    rows.truncate(arguments.limit);
    rows.into_iter()
        .map(|(page, (landed, bounced))| {
            vec![
                page.into(),
                landed.into(),
                bounced.into(),
                Cell::Share(bounced as f64 / landed as f64),
            ]
        })
        .collect()
}
