use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Ask, Cell, Row};
use crate::{ErrorFact, Event, Record};

/// hour, error_type, errors.
pub fn errors_per_hour(events: &[Event], ask: &Ask) -> Vec<Row> {
    let mut counts = BTreeMap::<(i64, &str), usize>::new();
    for (event, error) in errors(ask.hours(events)) {
        *counts
            .entry((ask.hour(event.time), error.fault.error_type()))
            .or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((hour, error_type), errors)| vec![Cell::Time(hour), error_type.into(), errors.into()])
        .collect()
}

/// error_group, error_type, errors, users, first_seen, last_seen, last_message. The group's name is a hash that only the
/// mapping of attributes knows: `group_of` gives it.
pub fn top_errors(events: &[Event], ask: &Ask, group_of: impl Fn(&Event, &ErrorFact) -> String) -> Vec<Row> {
    #[derive(Default)]
    struct Group<'a> {
        errors: Vec<(i64, &'a str)>,
        users: BTreeSet<&'a str>,
    }

    let mut groups = BTreeMap::<(String, &str), Group<'_>>::new();
    for (event, error) in errors(ask.hours(events)) {
        let group = groups
            .entry((group_of(event, error), error.fault.error_type()))
            .or_default();
        group.errors.push((event.time, &error.message));
        if !event.facts.visitor.is_empty() {
            group.users.insert(&event.facts.visitor);
        }
    }
    let mut rows: Vec<_> = groups.into_iter().collect();
    rows.sort_by_key(|((name, _), group)| (Reverse(group.errors.len()), name.clone()));
    rows.truncate(ask.limit);
    rows.into_iter()
        .map(|((name, error_type), mut group)| {
            group.errors.sort_unstable();
            let (first, last) = (group.errors[0], group.errors[group.errors.len() - 1]);
            vec![
                Cell::Text(name),
                error_type.into(),
                group.errors.len().into(),
                group.users.len().into(),
                Cell::Time(first.0),
                Cell::Time(last.0),
                last.1.into(),
            ]
        })
        .collect()
}

/// time, error_type, message, service, page, trace_id, row_id.
pub fn errors_for_user(events: &[Event], ask: &Ask) -> Vec<Row> {
    let mut found: Vec<_> = errors(ask.exact(events))
        .filter(|(event, _)| event.facts.user == ask.user_id)
        .collect();
    found.sort_by_key(|(event, _)| Reverse(event.time));
    found.truncate(ask.limit);
    found
        .into_iter()
        .map(|(event, error)| {
            let trace = match &event.record {
                Record::Log(log) => log.span.map(|span| span.trace_id),
                Record::Span(span) => Some(span.context.trace_id),
            };
            vec![
                Cell::Time(event.time),
                error.fault.error_type().into(),
                error.message.as_str().into(),
                event.source.service.name().into(),
                event.facts.page.as_ref().into(),
                Cell::Text(trace.map_or_else(String::new, |id| format!("{id:032x}"))),
                Cell::Any,
            ]
        })
        .collect()
}

fn errors<'a>(events: impl Iterator<Item = &'a Event>) -> impl Iterator<Item = (&'a Event, &'a ErrorFact)> {
    events.filter_map(|event| Some((event, event.facts.error.as_ref()?)))
}
