use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, Preset, Range, TimeRange, time_zone};
use proptest::prelude::*;

use crate::range::{range, widen};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn tz(name: &str) -> TimeZone {
    time_zone(name).unwrap()
}

fn check(tz_name: &str, bucket: Bucket, asked: [&str; 2], expected: [&str; 2]) {
    let [from, to] = asked.map(at);
    let widened = widen(Range { from, to }, bucket, &tz(tz_name)).unwrap();
    assert_eq!([widened.from.to_string(), widened.to.to_string()], expected);
}

#[test]
fn ends_move_outward_to_the_local_bucket() {
    let asked = ["2026-03-24T10:20:30Z", "2026-03-24T11:20:30Z"];
    check("UTC", Bucket::Exact, asked, asked);
    check(
        "UTC",
        Bucket::Hour,
        asked,
        ["2026-03-24T10:00:00Z", "2026-03-24T12:00:00Z"],
    );
    check(
        "UTC",
        Bucket::Day,
        asked,
        ["2026-03-24T00:00:00Z", "2026-03-25T00:00:00Z"],
    );
    check(
        "Asia/Kathmandu",
        Bucket::Hour,
        asked,
        ["2026-03-24T10:15:00Z", "2026-03-24T12:15:00Z"],
    );
    check(
        "Asia/Kathmandu",
        Bucket::Day,
        asked,
        ["2026-03-23T18:15:00Z", "2026-03-24T18:15:00Z"],
    );
}

#[test]
fn ends_on_a_boundary_stay() {
    let day = ["2026-03-23T23:00:00Z", "2026-03-24T23:00:00Z"];
    check("Europe/Berlin", Bucket::Day, day, day);
    check("Europe/Berlin", Bucket::Hour, day, day);
    let empty = ["2026-03-24T23:00:00Z"; 2];
    check("Europe/Berlin", Bucket::Day, empty, empty);
}

#[test]
fn days_of_a_clock_change_have_23_or_25_hours() {
    let spring = ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"];
    check("Europe/Berlin", Bucket::Day, ["2026-03-29T12:00:00Z"; 2], spring);
    let autumn = ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"];
    check("Europe/Berlin", Bucket::Day, ["2026-10-25T12:00:00Z"; 2], autumn);
    // 02:00 to 03:00 happens twice that day: two buckets.
    let twice = ["2026-10-25T00:30:00Z", "2026-10-25T00:40:00Z"];
    check(
        "Europe/Berlin",
        Bucket::Hour,
        twice,
        ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"],
    );
}

#[test]
fn a_day_that_begins_at_one_and_a_day_that_never_was() {
    // Clocks in Egypt skip from midnight to one on the last Friday of April.
    let cairo = ["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"];
    check("Africa/Cairo", Bucket::Day, ["2026-04-24T12:00:00Z"; 2], cairo);
    // Samoa crossed the date line: its calendar has no 30 December 2011.
    let samoa = ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"];
    check("Pacific/Apia", Bucket::Day, ["2011-12-30T09:00:00Z"; 2], samoa);
}

#[test]
fn hours_of_a_half_hour_change_are_counted_from_midnight() {
    // The hours as `toStartOfHour` of ClickHouse 26.7 returns them. Lord Howe changes from +10:30 to +11 at
    // 2026-10-03T15:30Z. Its day of 23.5 hours ends with a bucket of half an hour.
    let zone = "Australia/Lord_Howe";
    check(
        zone,
        Bucket::Hour,
        ["2026-10-03T15:10:00Z"; 2],
        ["2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z"],
    );
    check(
        zone,
        Bucket::Hour,
        ["2026-10-03T16:10:00Z"; 2],
        ["2026-10-03T15:30:00Z", "2026-10-03T16:30:00Z"],
    );
    check(
        zone,
        Bucket::Hour,
        ["2026-10-04T12:40:00Z"; 2],
        ["2026-10-04T12:30:00Z", "2026-10-04T13:00:00Z"],
    );
}

#[test]
fn presets_end_now() {
    let now = at("2026-03-24T10:20:30.123456789Z");
    let found = range(TimeRange::Preset(Preset::M15), Bucket::Exact, &TimeZone::UTC, now).unwrap();
    assert_eq!(
        [found.from, found.to],
        [
            at("2026-03-24T10:05:30.123456Z"),
            at("2026-03-24T10:20:30.123456Z")
        ]
    );
}

#[test]
fn ranges_that_make_no_sense_are_refused() {
    let refused = |from: &str, to: &str| {
        let asked = TimeRange::Absolute {
            from: at(from),
            to: at(to),
        };
        range(asked, Bucket::Day, &TimeZone::UTC, Timestamp::UNIX_EPOCH)
            .unwrap_err()
            .detail
    };
    assert_eq!(
        refused("2026-03-25T00:00:00Z", "2026-03-24T00:00:00Z"),
        "timeRange: from (2026-03-25T00:00:00Z) is after to (2026-03-24T00:00:00Z); swap them"
    );
    assert_eq!(
        refused("2025-01-01T00:00:00Z", "2026-01-02T00:00:00.000001Z"),
        "timeRange: expected at most 366 days between from and to"
    );
    let years = "timeRange: expected times between 1970 and 2200";
    assert_eq!(refused("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"), years);
    assert_eq!(refused("9999-12-30T00:00:00Z", "9999-12-30T22:00:00Z"), years);
}

fn ranges() -> impl Strategy<Value = Range> {
    let microsecond = 0..Timestamp::constant(4_102_444_800, 0).as_microsecond();
    let length = prop_oneof![0..2 * 3_600_000_000_i64, 0..366 * 86_400_000_000_i64];
    (microsecond, length).prop_map(|(from, length)| Range {
        from: Timestamp::from_microsecond(from).unwrap(),
        to: Timestamp::from_microsecond(from + length).unwrap(),
    })
}

fn zones() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(vec![
        "UTC",
        "Africa/Cairo",
        "America/Havana",
        "America/Santiago",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Pacific/Apia",
    ])
    .prop_map(tz)
}

proptest! {
    #[test]
    fn widening_is_outward_by_less_than_a_bucket_and_happens_once(
        asked in ranges(),
        zone in zones(),
        bucket in prop::sample::select(vec![Bucket::Exact, Bucket::Quarter, Bucket::Hour, Bucket::Day]),
    ) {
        let widened = widen(asked, bucket, &zone).unwrap();
        prop_assert!(widened.from <= asked.from && asked.to <= widened.to);
        let most = match bucket {
            Bucket::Exact => SignedDuration::from_micros(1),
            Bucket::Quarter => SignedDuration::from_mins(15),
            Bucket::Hour => SignedDuration::from_hours(1),
            Bucket::Day => SignedDuration::from_hours(25),
        };
        prop_assert!(asked.from.duration_since(widened.from) < most);
        prop_assert!(widened.to.duration_since(asked.to) < most);
        prop_assert_eq!(widen(widened, bucket, &zone).unwrap(), widened);
    }

    #[test]
    fn day_boundaries_are_where_the_local_date_changes(asked in ranges(), zone in zones()) {
        let widened = widen(asked, Bucket::Day, &zone).unwrap();
        for end in [widened.from, widened.to] {
            let before = end - SignedDuration::from_micros(1);
            prop_assert_ne!(end.to_zoned(zone.clone()).date(), before.to_zoned(zone.clone()).date());
        }
    }

    #[test]
    fn day_boundaries_are_hour_boundaries(asked in ranges(), zone in zones()) {
        let days = widen(asked, Bucket::Day, &zone).unwrap();
        prop_assert_eq!(widen(days, Bucket::Hour, &zone).unwrap(), days);
    }
}
