//! Tests with a handful of events, few enough to check the answers by eye.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::{Arguments, Cell, Row};
use crate::{Environment, Event, Facts, Log, Record, Request, SECOND, Service, Severity, Source};

/// 2026-03-28T18:00:00Z, which is 23:45 of that day in Kathmandu.
const START: i64 = 1_774_720_800 * SECOND;
const MINUTE: i64 = 60 * SECOND;

fn at(minute: i64, facts: Facts) -> Event {
    Event {
        source: Source {
            service: Service::Storefront,
            environment: Environment::Production,
            version: "1",
        },
        time: START + minute * MINUTE,
        record: Record::Log(Log {
            event_name: None,
            severity: Severity::Info,
            body: None,
            attributes: Vec::new(),
            span: None,
        }),
        facts,
    }
}

fn view(minute: i64, session: &str, page: &'static str) -> Event {
    at(
        minute,
        Facts {
            view: true,
            session: session.into(),
            visitor: session.into(),
            page: page.into(),
            ..Facts::default()
        },
    )
}

fn step(minute: i64, session: &str, step: u8) -> Event {
    at(
        minute,
        Facts {
            step: Some(step),
            session: session.into(),
            ..Facts::default()
        },
    )
}

fn arguments(zone: TimeZone) -> Arguments {
    Arguments::new(START, START + MINUTE, zone)
}

/// Returns the zone of Kathmandu as a fixed offset, because this crate has no database of time zones.
fn kathmandu() -> TimeZone {
    TimeZone::fixed(jiff::tz::Offset::from_seconds(5 * 3600 + 45 * 60).expect("an offset"))
}

#[test]
fn a_range_is_widened_to_the_days_of_its_zone() {
    let events = [view(0, "a", "/"), view(14, "b", "/"), view(16, "c", "/")];
    let day = |day, count: usize| -> Row { vec![Cell::Day(day), count.into(), count.into(), count.into()] };
    // Midnight is at minute 15 in Kathmandu, and at minute 360 in UTC.
    assert_eq!(
        super::unique_visitors_per_day(&events, &arguments(kathmandu())),
        [day(date(2026, 3, 28), 2)]
    );
    assert_eq!(
        super::unique_visitors_per_day(&events, &arguments(TimeZone::UTC)),
        [day(date(2026, 3, 28), 3)]
    );
}

#[test]
fn a_session_is_whole_past_midnight_and_dated_by_its_first_row() {
    let events = [
        view(350, "a", "/"),
        view(355, "a", "/cart"),
        view(365, "a", "/order"),
    ];
    let row = |page: &str, bounces: usize| {
        vec![
            page.into(),
            Cell::Count(1),
            bounces.into(),
            Cell::Share(bounces as f64),
        ]
    };
    let mut arguments = arguments(TimeZone::UTC);
    assert_eq!(super::bounce_rate(&events, &arguments), [row("/", 0)]);
    arguments.to = START + 366 * MINUTE;
    assert_eq!(super::bounce_rate(&events, &arguments), [row("/", 0)]);
    // On the next day alone, the session is not counted again.
    arguments.from = START + 361 * MINUTE;
    assert!(super::bounce_rate(&events, &arguments).is_empty());
}

#[test]
fn steps_count_in_their_order() {
    let events = [
        view(0, "a", "/"),
        step(1, "a", 2),
        step(2, "a", 3),
        // The cart comes before the product, so the session reached one step only.
        view(0, "b", "/"),
        step(1, "b", 3),
        step(2, "b", 2),
        // A session without a page view is not part of the funnel.
        step(3, "c", 2),
    ];
    let reached: Vec<_> = super::funnel(&events, &arguments(TimeZone::UTC))
        .into_iter()
        .map(|row| (row[3].clone(), row[4].clone()))
        .collect();
    let expected = [(2, 1.0), (2, 1.0), (1, 0.5), (0, 0.0), (0, 0.0)];
    assert_eq!(
        reached,
        expected.map(|(sessions, share)| (Cell::Count(sessions), Cell::Share(share)))
    );
}

#[test]
fn a_quantile_is_the_sample_at_its_rank() {
    let request = |minute, duration| {
        let request = Request {
            method: "GET",
            route: "/x",
            status: 500,
            duration,
            failed: true,
        };
        at(
            minute,
            Facts {
                request: Some(request),
                ..Facts::default()
            },
        )
    };
    let events = [
        request(0, 40_000),
        request(1, 10_000),
        request(2, 30_000),
        request(3, 20_000),
    ];
    let rows = super::api_latency(&events, &arguments(TimeZone::UTC));
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0][4..],
        [
            Cell::Count(4),
            Cell::Count(4),
            Cell::Quantile(20.0),
            Cell::Quantile(30.0)
        ]
    );
}

#[test]
fn a_session_comes_from_where_its_first_view_did() {
    let from = |minute, session: &str, referrer, country| {
        let mut event = view(minute, session, "/");
        event.facts.source = referrer;
        event.facts.country = country;
        event
    };
    let events = [
        from(0, "a", "www.google.com", "DE"),
        from(1, "a", "later.example", "DE"),
        from(2, "b", "", "FR"),
        from(3, "c", "", "FR"),
    ];
    let arguments = arguments(TimeZone::UTC);
    let source = |name: &str, sessions: usize, bounced: f64| -> Row {
        vec![
            name.into(),
            "".into(),
            sessions.into(),
            sessions.into(),
            Cell::Share(bounced),
        ]
    };
    assert_eq!(
        super::top_sources(&events, &arguments),
        [source("(direct)", 2, 1.0), source("www.google.com", 1, 0.0)]
    );
    let country = |name: &str, people: usize, views: usize| -> Row {
        vec![name.into(), people.into(), people.into(), views.into()]
    };
    assert_eq!(
        super::top_countries(&events, &arguments),
        [country("FR", 2, 2), country("DE", 1, 2)]
    );
}
