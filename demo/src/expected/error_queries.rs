//! The expected answers of the queries on errors.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, Cell, Row};
use crate::{ErrorFact, Event, Record};

/// Returns the name of an error's group. The name is a hash, which only the mapping of attributes computes.
pub type GroupOf<'a> = &'a dyn Fn(&ErrorFact) -> String;

/// Returns the number of errors per hour and type.
///
/// Columns: hour, error_type, errors.
pub fn errors_per_hour(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let mut counts = BTreeMap::<(i64, &str), usize>::new();
    for (event, error) in errors(arguments.hours(events)) {
        if arguments.error_group.is_empty() || group_of(error) == arguments.error_group {
            let key = (arguments.hour(event.time), error.fault.error_type());
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .map(|((hour, error_type), errors)| vec![Cell::Time(hour), error_type.into(), errors.into()])
        .collect()
}

/// Returns the groups with the most errors.
///
/// Columns: error_group, error_type, errors, users, first_seen, last_seen, last_message.
pub fn top_errors(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    #[derive(Default)]
    struct Group<'a> {
        errors: Vec<(i64, &'a str)>,
        users: BTreeSet<&'a str>,
    }

    let mut groups = BTreeMap::<(String, &str), Group<'_>>::new();
    for (event, error) in errors(arguments.hours(events)) {
        let group = groups
            .entry((group_of(error), error.fault.error_type()))
            .or_default();
        group.errors.push((event.time, &error.message));
        if !event.facts.visitor.is_empty() {
            group.users.insert(&event.facts.visitor);
        }
    }
    let mut rows: Vec<_> = groups.into_iter().collect();
    rows.sort_by_key(|((name, _), group)| (Reverse(group.errors.len()), name.clone()));
    rows.truncate(arguments.limit);
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

/// Returns the latest errors of a user.
///
/// Columns: time, error_type, message, service, page, trace_id, row_id.
pub fn errors_for_user(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut found: Vec<_> = errors(arguments.exact(events))
        .filter(|(event, _)| event.facts.user == arguments.user_id)
        .collect();
    found.sort_by_key(|(event, _)| Reverse(event.time));
    found.truncate(arguments.limit);
    found
        .into_iter()
        .map(|(event, error)| {
            vec![
                Cell::Time(event.time),
                error.fault.error_type().into(),
                error.message.as_str().into(),
                event.source.service.name().into(),
                event.facts.page.as_ref().into(),
                Cell::Text(trace_id(event)),
                Cell::Any,
            ]
        })
        .collect()
}

/// Returns the users with the most errors.
///
/// Columns: user_id, errors, error_groups, last_seen.
pub fn users_with_errors(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let mut users = BTreeMap::<&str, Vec<(i64, String)>>::new();
    for (event, error) in errors(arguments.hours(events)).filter(|(event, _)| !event.facts.user.is_empty()) {
        let found = users.entry(&event.facts.user).or_default();
        found.push((event.time, group_of(error)));
    }
    most_first(users, arguments.limit)
        .into_iter()
        .map(|(user, found)| {
            let groups: BTreeSet<_> = found.iter().map(|(_, group)| group).collect();
            let last = found.iter().map(|(time, _)| *time).max();
            vec![
                user.into(),
                found.len().into(),
                groups.len().into(),
                Cell::Time(last.unwrap_or_default()),
            ]
        })
        .collect()
}

/// Returns the names with the most items, at most `limit` of them. Names with equally many are in alphabetical order.
pub(super) fn most_first<T>(found: BTreeMap<&str, Vec<T>>, limit: usize) -> Vec<(&str, Vec<T>)> {
    let mut rows: Vec<_> = found.into_iter().collect();
    rows.sort_by_key(|(name, found)| (Reverse(found.len()), *name));
    rows.truncate(limit);
    rows
}

/// Returns the trace id of an event as 32 hexadecimal digits, or an empty text without a trace.
pub(super) fn trace_id(event: &Event) -> String {
    let trace = match &event.record {
        Record::Log(log) => log.span.map(|span| span.trace_id),
        Record::Span(span) => Some(span.context.trace_id),
    };
    trace.map_or_else(String::new, |id| format!("{id:032x}"))
}

/// Returns the events that are errors, each with its error.
pub(super) fn errors<'a>(
    events: impl Iterator<Item = &'a Event>,
) -> impl Iterator<Item = (&'a Event, &'a ErrorFact)> {
    events.filter_map(|event| Some((event, event.facts.error.as_ref()?)))
}
