//! The expected answers of the queries on groups of errors: on all groups, and on one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::error_queries::{GroupOf, errors, most_first, trace_id};
use super::{Arguments, Cell, Row};
use crate::{DAY, ErrorFact, Event, HOUR};

/// The number of days before the range that decide on a group's state.
const LOOK_BACK: i64 = 30;
/// The number of days without an error after which a group counts as returned.
const SILENCE: i64 = 7;

/// Returns the groups of errors with their state and trend.
///
/// Columns: error_group, state, error_type, last_message, errors, users, trend, first_seen, last_seen, first_version,
/// last_version.
pub fn error_groups(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let range = arguments.whole_hours();
    let mut groups = BTreeMap::<String, Vec<(&Event, &ErrorFact)>>::new();
    for (event, error) in errors(arguments.hours_since(events, LOOK_BACK)) {
        let group = group_of(error);
        if arguments.error_group.is_empty() || group == arguments.error_group {
            groups.entry(group).or_default().push((event, error));
        }
    }
    // The parts of the trend end where the data ends, at a whole quarter of an hour.
    let until = (range.end.min(arguments.now) + HOUR / 4 - 1).div_euclid(HOUR / 4) * (HOUR / 4);
    let length = until - range.start;
    let parts = (length / (HOUR / 4)).clamp(1, 24);
    let mut rows = Vec::new();
    for (name, mut found) in groups {
        found.sort_by_key(|(event, error)| (event.time, &error.message));
        let (before, inside) = found.split_at(found.partition_point(|(event, _)| event.time < range.start));
        let (Some((first, _)), Some(next), Some((last, error))) =
            (found.first(), inside.first(), inside.last())
        else {
            continue;
        };
        let state = match before.last() {
            None => "new",
            Some((last, _)) if next.0.time - last.time >= SILENCE * DAY => "returned",
            Some(_) => "ongoing",
        };
        let users = inside.iter().map(|(event, _)| event.facts.visitor.as_str());
        let users: BTreeSet<_> = users.filter(|visitor| !visitor.is_empty()).collect();
        let mut trend = vec![0; parts as usize];
        for (event, _) in inside {
            // A quarter of an hour belongs to one part as a whole.
            let quarter = (event.time - range.start).div_euclid(HOUR / 4) * (HOUR / 4);
            trend[(quarter * parts / length) as usize] += 1;
        }
        rows.push((
            inside.len(),
            name.clone(),
            vec![
                Cell::Text(name),
                state.into(),
                error.fault.error_type().into(),
                error.message.as_str().into(),
                inside.len().into(),
                users.len().into(),
                Cell::Trend(trend),
                Cell::Time(first.time),
                Cell::Time(last.time),
                first.source.version.into(),
                last.source.version.into(),
            ],
        ));
    }
    rows.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
    rows.truncate(arguments.limit);
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// Returns the latest errors of a group.
///
/// Columns: time, stack, message, service, version, page, user_id, trace_id, row_id.
pub fn error_occurrences(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let mut found: Vec<_> = errors(arguments.exact(events))
        .filter(|(_, error)| group_of(error) == arguments.error_group)
        .collect();
    found.sort_by_key(|(event, _)| Reverse(event.time));
    found.truncate(arguments.limit);
    found
        .into_iter()
        .map(|(event, error)| {
            vec![
                Cell::Time(event.time),
                error.fault.stacktrace().unwrap_or_default().into(),
                error.message.as_str().into(),
                event.source.service.name().into(),
                event.source.version.into(),
                event.facts.page.as_ref().into(),
                event.facts.user.as_str().into(),
                Cell::Text(trace_id(event)),
                Cell::Any,
            ]
        })
        .collect()
}

/// Returns the users with the most errors of a group.
///
/// Columns: user_id, errors, first_seen, last_seen.
pub fn users_of_error(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let mut users = BTreeMap::<&str, Vec<i64>>::new();
    for (event, error) in errors(arguments.hours(events)) {
        if !event.facts.user.is_empty() && group_of(error) == arguments.error_group {
            users.entry(&event.facts.user).or_default().push(event.time);
        }
    }
    most_first(users, arguments.limit)
        .into_iter()
        .map(|(user, mut times)| {
            times.sort_unstable();
            vec![
                user.into(),
                times.len().into(),
                Cell::Time(times[0]),
                Cell::Time(times[times.len() - 1]),
            ]
        })
        .collect()
}
