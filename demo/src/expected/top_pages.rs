//! The expected answer of `top_pages`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, Row};
use crate::Event;

/// Returns the pages with the most views.
///
/// Columns: page, views, visitors.
pub fn top_pages(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut pages = BTreeMap::<&str, (usize, BTreeSet<&str>)>::new();
    for event in arguments
        .days(events)
        .filter(|event| event.facts.view && !event.facts.bot)
    {
        let (views, visitors) = pages.entry(&event.facts.page).or_default();
        *views += 1;
        if !event.facts.visitor.is_empty() {
            visitors.insert(&event.facts.visitor);
        }
    }
    let mut rows: Vec<_> = pages.into_iter().collect();
    rows.sort_by_key(|&(page, (views, _))| (Reverse(views), page));
    rows.truncate(arguments.limit);
    rows.into_iter()
        .map(|(page, (views, visitors))| vec![page.into(), views.into(), visitors.len().into()])
        .collect()
}
