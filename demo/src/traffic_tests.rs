use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::Shop;
use crate::expected::{self, Arguments, Cell};
use crate::{DAY, Environment, Event, Fault, HOUR, Live, Record, SECOND, Service};

/// 2026-03-30T00:00:00Z
const NOW: i64 = 1_774_828_800 * SECOND;

static FORTNIGHT: LazyLock<Vec<Event>> = LazyLock::new(|| Shop::new(1, NOW).events(NOW - 14 * DAY, NOW));

#[test]
fn a_seed_and_a_time_fix_everything() {
    let day = |seed| Shop::new(seed, NOW).events(NOW - DAY, NOW);
    assert_eq!(day(1), day(1));
    assert_ne!(day(1), day(2));
}

#[test]
fn a_range_may_be_cut_anywhere() {
    let shop = Shop::new(3, NOW);
    let whole = shop.events(NOW - DAY, NOW);
    let mut parts = Vec::new();
    for (from, to) in [(DAY, 20 * HOUR + 7), (20 * HOUR + 7, 20 * HOUR), (20 * HOUR, 0)] {
        parts.extend(shop.events(NOW - from, NOW - to));
    }
    assert_eq!(whole, parts);
}

#[test]
fn a_fortnight_is_large_and_lively() {
    let events = &*FORTNIGHT;
    // Data points are sent in addition.
    assert!(
        (150_000..190_000).contains(&events.len()),
        "{} events",
        events.len()
    );
    assert!(events.is_sorted_by_key(|event| event.time));

    let mut hours = [0; 24];
    let mut weekdays = [0; 7];
    for event in events {
        hours[(event.time.rem_euclid(DAY) / HOUR) as usize] += 1;
        weekdays[event.time.div_euclid(DAY).rem_euclid(7) as usize] += 1;
    }
    assert!(hours[19] > 4 * hours[5], "evenings against mornings: {hours:?}");
    // 1970-01-01 was a Thursday.
    assert!(
        weekdays[3] * 10 > weekdays[6] * 13,
        "Sundays against Wednesdays: {weekdays:?}"
    );

    let staging = events
        .iter()
        .filter(|event| event.source.environment == Environment::Staging)
        .count();
    assert!(staging > events.len() / 100 && staging < events.len() / 10);
    let bots = events.iter().filter(|event| event.facts.bot).count();
    assert!(bots > events.len() / 200 && bots < events.len() / 20);
}

#[test]
fn every_kind_of_record_is_there() {
    let events = &*FORTNIGHT;
    let names: BTreeSet<_> = events
        .iter()
        .filter_map(|event| match &event.record {
            Record::Log(log) => log.event_name,
            Record::Span(_) => None,
        })
        .collect();
    let expected = [
        "browser.navigation",
        "browser.page_view",
        "browser.web_vital",
        "exception",
        "http.server.request",
        "shop.cart_added",
        "shop.checkout_started",
        "shop.order_placed",
        "shop.product_viewed",
    ];
    assert!(names.into_iter().eq(expected));
    let spans = || {
        events.iter().filter_map(|event| match &event.record {
            Record::Span(span) => Some(span),
            Record::Log(_) => None,
        })
    };
    assert!(spans().any(|span| !span.links.is_empty()));
    assert!(spans().any(|span| span.events.iter().any(|event| event.name == "exception")));
    // The access log of a failed request has the id of the span that counts it.
    let access_logs = events.iter().filter_map(|event| match &event.record {
        Record::Log(log) if log.event_name == Some("http.server.request") => Some((log, &event.facts)),
        _ => None,
    });
    for (log, facts) in access_logs {
        assert_eq!(log.span.is_none(), facts.request.is_some());
    }
}

#[test]
fn a_release_breaks_something_and_the_next_mends_it() {
    let events = &*FORTNIGHT;
    let mut faults = BTreeMap::<Fault, Vec<&Event>>::new();
    for event in events {
        if let Some(error) = &event.facts.error {
            assert_eq!(error.fault.service(), event.source.service);
            faults.entry(error.fault).or_default().push(event);
        }
    }
    assert!(faults.keys().copied().eq(Fault::ALL), "{:?}", faults.keys());
    let broken = &faults[&Fault::PriceGone];
    assert!(broken.iter().all(|event| event.source.version == Shop::BROKEN));
    assert!(broken[0].time > NOW - 54 * HOUR && broken[0].time < NOW - 50 * HOUR);
    // Pages that were open at the time of the fix keep the broken version until the visit ends.
    assert!(broken[broken.len() - 1].time < NOW - 14 * HOUR);
    let most = faults.values().map(Vec::len).max();
    assert_eq!(most, Some(broken.len()), "it is the most frequent error");
}

#[test]
fn one_route_is_slow_and_one_page_paints_late() {
    let events = &*FORTNIGHT;
    let arguments = Arguments::new(NOW - 14 * DAY, NOW, jiff::tz::TimeZone::UTC);
    let quantile = |cell: &Cell| match cell {
        Cell::Quantile(value) => *value,
        other => panic!("{other:?} is no quantile"),
    };
    let mut medians = BTreeMap::<String, Vec<f64>>::new();
    for row in expected::api_latency(events, &arguments) {
        let Cell::Text(route) = &row[3] else {
            panic!("a route")
        };
        medians.entry(route.clone()).or_default().push(quantile(&row[6]));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    for (route, values) in &medians {
        assert_eq!(
            mean(values) > 600.0,
            route == "/api/search",
            "{route}: {} ms",
            mean(values)
        );
    }
    for row in expected::web_vitals(events, &arguments) {
        if row[1] == Cell::from("lcp") {
            // An LCP above 4 s is rated poor.
            assert_eq!(
                quantile(&row[3]) > 4_000.0,
                row[0] == Cell::from("/category/lamps"),
                "{row:?}"
            );
        }
    }
}

#[test]
fn people_come_back() {
    let events = &*FORTNIGHT;
    let mut days = BTreeMap::<&str, BTreeSet<i64>>::new();
    for event in events.iter().filter(|event| event.facts.view && !event.facts.bot) {
        days.entry(&event.facts.visitor)
            .or_default()
            .insert(event.time.div_euclid(DAY));
    }
    let returning = days.values().filter(|days| days.len() > 1).count();
    assert!(returning * 5 > days.len(), "{returning} of {}", days.len());
    assert!(returning * 5 < days.len() * 4, "{returning} of {}", days.len());
}

#[test]
fn the_present_is_as_busy_as_asked() {
    let shop = Shop::new(1, NOW);
    for rate in [20, 200] {
        let mut live = Live::new(&shop, NOW, rate);
        let mut counts: Vec<usize> = Vec::new();
        for second in 1..=300 {
            let events = live.until(NOW + second * SECOND);
            let due = (NOW + (second - 1) * SECOND)..NOW + second * SECOND;
            assert!(events.iter().all(|event| due.contains(&event.time)));
            counts.push(events.len());
        }
        let mean = counts.iter().sum::<usize>() as f64 / 300.0;
        assert!(
            (mean / f64::from(rate) - 1.0).abs() < 0.2,
            "{mean} a second instead of {rate}"
        );
    }
}

#[test]
fn resources_follow_the_releases() {
    let shop = Shop::new(1, NOW);
    let version = |hours: i64| shop.version(Service::ShopApi, NOW - hours * HOUR);
    assert_eq!(
        [version(60), version(40), version(1)],
        ["2.4.1", "2.5.0", "2.5.1"]
    );
}
