//! Drawings as people see them (open `drawings/*.svg`), and what holds for every drawing.
#![expect(clippy::unwrap_used, reason = "what the helpers of a test are given is right")]

use expect_test::expect_file;
use lakefront_api::{Bucket, QueryInfo, QueryReply, Zone, ZoneOffset};
use lakefront_chart::{Frame, draw};
use proptest::prelude::*;
use serde_json::{Value, json};

fn info(bucket: &str, chart: Value, units: &[(&str, &str)]) -> QueryInfo {
    let columns: Vec<_> = units
        .iter()
        .map(|(name, unit)| json!({ "name": name, "type": "Float64", "unit": unit, "description": "" }))
        .collect();
    let info = json!({
        "name": "q", "title": "Errors", "description": "", "bucket": bucket, "params": [], "order": "",
        "columns": columns, "chart": chart,
    });
    serde_json::from_value(info).unwrap()
}

fn reply(columns: &[&str], rows: Vec<Value>, range: (&str, &str), as_of: &str) -> QueryReply {
    let columns: Vec<_> = columns
        .iter()
        .map(|name| json!({ "name": name, "type": "String" }))
        .collect();
    serde_json::from_value(json!({
        "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
        "range": { "from": range.0, "to": range.1 }, "asOf": as_of, "lagSeconds": 1,
        "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 },
    }))
    .unwrap()
}

fn kathmandu() -> Zone {
    let offset = ZoneOffset {
        from: "2026-01-01T00:00:00Z".parse().unwrap(),
        seconds: 20_700,
    };
    Zone {
        name: "Asia/Kathmandu".into(),
        offsets: vec![offset],
    }
}

fn drawn(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> String {
    // A line for each element, so that a difference is read.
    draw(&Frame::new(info, reply, zone).unwrap(), zone).replace("><", ">\n<") + "\n"
}

fn errors() -> (QueryInfo, QueryReply) {
    let chart = json!({ "kind": "bar", "x": "hour", "y": ["errors"], "series": ["error_type"] });
    let hours = ["00", "01", "02", "04", "05"];
    let rows = hours.iter().enumerate().flat_map(|(index, hour)| {
        let time = format!("2026-03-24T{hour}:15:00Z");
        [
            json!([time, "TypeError", index * 3 + 1]),
            json!([time, "<KeyError>", 2]),
        ]
    });
    let range = ("2026-03-23T18:15:00Z", "2026-03-24T06:15:00Z");
    (
        info("hour", chart, &[]),
        reply(
            &["hour", "error_type", "errors"],
            rows.collect(),
            range,
            "2026-03-24T05:50:00Z",
        ),
    )
}

#[test]
fn bars_are_stacked_and_the_last_is_incomplete() {
    let (info, reply) = errors();
    let svg = drawn(&info, &reply, &kathmandu());
    assert!(
        svg.contains("partial") && svg.contains("06:00") && !svg.contains("KeyError"),
        "{svg}"
    );
    expect_file!["drawings/bars.svg"].assert_eq(&svg);
}

#[test]
fn lines_break_at_gaps() {
    let chart = json!({ "kind": "line", "x": "hour", "y": ["p99_ms"], "series": ["route"], "unit": "ms" });
    let values = [Some(120.0), Some(180.0), None, Some(900.0), Some(1234.0)];
    let rows = values.iter().enumerate().flat_map(|(hour, value)| {
        let time = format!("2026-03-24T0{hour}:00:00Z");
        [json!([time, "/cart", value]), json!([time, "/search", 50 + hour])]
    });
    let range = ("2026-03-24T00:00:00Z", "2026-03-24T06:00:00Z");
    let reply = reply(
        &["hour", "route", "p99_ms"],
        rows.collect(),
        range,
        "2026-03-24T05:00:00Z",
    );
    let svg = drawn(&info("hour", chart, &[]), &reply, &Zone::utc());
    assert_eq!(
        svg.matches(r#"class="line s0""#).count(),
        1,
        "two runs are one path: {svg}"
    );
    expect_file!["drawings/lines.svg"].assert_eq(&svg);
}

#[test]
fn steps_that_follow_each_other_are_one_line() {
    let chart =
        json!({ "kind": "line", "x": "time", "y": ["value"], "series": [], "unit": "By", "stepSeconds": 60 });
    let lines = |minutes: &[u32]| {
        let rows = minutes
            .iter()
            .map(|minute| json!([format!("2026-03-24T00:{minute:02}:00Z"), 1e6]));
        let range = ("2026-03-24T00:00:00Z", "2026-03-24T00:10:00Z");
        let reply = reply(&["time", "value"], rows.collect(), range, "2026-03-24T01:00:00Z");
        let svg = drawn(&info("exact", chart.clone(), &[]), &reply, &Zone::utc());
        let paths = svg.split(r#"class="line s0" d=""#).skip(1);
        paths
            .map(|path| path.split('"').next().unwrap().matches('m').count())
            .sum::<usize>()
    };
    assert_eq!(lines(&[1, 2, 3, 4]), 1);
    assert_eq!(lines(&[1, 2, 4, 5]), 2);
}

#[test]
fn a_ranking_has_names_and_values() {
    let chart = json!({ "kind": "ranking", "x": "page", "y": ["views", "bounce_rate"] });
    let rows = vec![
        json!(["/products/:id", 12_345, 0.25]),
        json!([format!("/{}", "long/".repeat(2_000)), 400, null]),
        json!(["", 0, 1.0]),
    ];
    let range = ("2026-03-24T00:00:00Z", "2026-03-25T00:00:00Z");
    let reply = reply(
        &["page", "views", "bounce_rate"],
        rows,
        range,
        "2026-03-25T00:00:00Z",
    );
    let info = info("day", chart, &[("bounce_rate", "1")]);
    let Some(Frame::Ranking(frame)) = Frame::new(&info, &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    let shares: Vec<_> = frame.rows.iter().map(|row| frame.share(row)).collect();
    assert_eq!(shares, [1.0, 400.0 / 12_345.0, 0.0]);
    assert_eq!(
        (frame.heading.as_str(), frame.measures[1].name.as_str()),
        ("page", "bounce rate")
    );
    assert_eq!(
        (frame.rows[0].label.as_str(), frame.rows[2].label.as_str()),
        ("/products/:id", "(none)")
    );
    assert_eq!(frame.rows[1].label.chars().count(), 121);
}

fn heat() -> (QueryInfo, QueryReply) {
    let chart =
        json!({ "kind": "heatmap", "x": "hour", "y": ["requests"], "series": ["from_ms"], "unit": "ms" });
    let rows = [(0, 10, 3), (0, 100, 400), (1, 100, 1), (3, 1000, 20), (3, 10, 0)];
    let rows =
        rows.map(|(hour, band, requests)| json!([format!("2026-03-24T0{hour}:00:00Z"), band, requests]));
    let range = ("2026-03-24T00:00:00Z", "2026-03-24T06:00:00Z");
    let reply = reply(
        &["hour", "from_ms", "requests"],
        rows.into(),
        range,
        "2026-03-24T06:00:00Z",
    );
    (info("hour", chart, &[]), reply)
}

#[test]
fn a_heat_map_has_a_shade_for_each_cell_that_counts_something() {
    let (info, reply) = heat();
    let svg = drawn(&info, &reply, &Zone::utc());
    assert!(
        svg.contains("h8") && svg.contains("h1") && svg.contains("100 ms"),
        "{svg}"
    );
    let cells = svg
        .split(r#"class="bar h"#)
        .skip(1)
        .map(|part| part.split("/>").next().unwrap().matches('m').count());
    assert_eq!(cells.sum::<usize>(), 4, "{svg}");
    expect_file!["drawings/heat.svg"].assert_eq(&svg);
    let frame = Frame::new(&info, &reply, &Zone::utc()).unwrap();
    assert_eq!(
        frame.summary("Latency"),
        "Latency: requests over time, in bands from 10 ms to 1 s and above."
    );
}

#[test]
fn a_series_that_is_switched_off_is_not_drawn() {
    let (info, reply) = errors();
    let mut frame = Frame::new(&info, &reply, &Zone::utc()).unwrap();
    frame.hide(&["TypeError".into()]);
    let svg = draw(&frame, &Zone::utc());
    assert!(!svg.contains("s0") && svg.contains("s1"), "{svg}");
    frame.hide(&["<KeyError>".into()]);
    assert_sound(&draw(&frame, &Zone::utc()));
}

#[test]
fn the_period_before_is_faint_and_has_its_values() {
    let (info, reply) = errors();
    let mut before = reply.clone();
    // The day before, in which another type was an error and one was none.
    let text = serde_json::to_string(&before)
        .unwrap()
        .replace("2026-03-24T", "2026-03-23T");
    before = serde_json::from_str(
        &text
            .replace("<KeyError>", "RangeError")
            .replace("2026-03-24T", "2026-03-23T"),
    )
    .unwrap();
    let range = reply.range.unwrap();
    let length = range.to.duration_since(range.from);
    before.range = Some(lakefront_api::Range {
        from: range.from - length,
        to: range.from,
    });
    for row in &mut before.rows {
        let time: jiff::Timestamp = row[0].as_str().unwrap().parse().unwrap();
        let time = time + jiff::SignedDuration::from_hours(24) - length;
        row[0] = json!(time.to_string());
        row[2] = json!(row[2].as_u64().unwrap() * 10);
    }
    let mut frame = Frame::new(&info, &reply, &kathmandu()).unwrap();
    let alone = draw(&frame, &kathmandu());
    frame.compare(&info, &before, &kathmandu());
    let svg = draw(&frame, &kathmandu());
    assert_sound(&svg);
    assert_eq!(svg.matches("line other before").count(), 1, "{svg}");
    // The axis holds both periods, and the bars are lower than alone.
    assert!(
        alone.contains(">10</text>") && !alone.contains(">150</text>") && svg.contains(">150</text>"),
        "{svg}"
    );
    let seen = frame
        .values_at("2026-03-24T00:30:00Z".parse().unwrap(), &[], &kathmandu())
        .unwrap();
    let rows: Vec<_> = seen
        .rows
        .iter()
        .map(|(class, name, value)| format!("{class} {name} {value}"))
        .collect();
    assert_eq!(
        rows,
        [
            "total total 3",
            "s1 <KeyError> 2",
            "s0 TypeError 1",
            "s0 before before 10"
        ]
    );
    frame.hide(&["TypeError".into(), "RangeError".into()]);
    assert!(!draw(&frame, &kathmandu()).contains(">150</text>"));
    // Lines are compared by name.
    let mut lines = info.clone();
    lines.chart.kind = lakefront_api::ChartKind::Line;
    let mut frame = Frame::new(&lines, &reply, &kathmandu()).unwrap();
    frame.compare(&lines, &before, &kathmandu());
    let svg = draw(&frame, &kathmandu());
    assert!(
        svg.contains("line s0 before") && !svg.contains("line s1 before"),
        "{svg}"
    );
    // A period without rows changes nothing.
    let mut frame = Frame::new(&info, &reply, &kathmandu()).unwrap();
    before.rows.clear();
    frame.compare(&info, &before, &kathmandu());
    assert_eq!(draw(&frame, &kathmandu()), alone);
}

#[test]
fn moments_are_marked_and_their_names_do_not_touch() {
    let (info, reply) = errors();
    let mut frame = Frame::new(&info, &reply, &kathmandu()).unwrap();
    let moment = |time: &str, name: &str| vec![json!(time), json!(name)];
    frame.mark(&[
        moment("2026-03-24T02:20:00Z", "web <2>"),
        moment("2026-03-24T02:21:00Z", "api 1.0.0"),
        moment("2026-03-25T12:00:00Z", "outside"),
        moment("noon", "no time"),
        moment("2026-03-24T06:00:00Z", "at the end"),
        moment("2026-03-23T18:20:00Z", &"long".repeat(1_000)),
    ]);
    let svg = draw(&frame, &kathmandu());
    assert_sound(&svg);
    assert_eq!(
        svg.matches("line marker").count(),
        1,
        "consecutive lines are one path: {svg}"
    );
    // A name takes its place in the wide and in the narrow plot, if none is too near.
    let names = ["longlong", "web &lt;2&gt;", "api 1.0.0", "at the end"];
    assert_eq!(
        names.map(|name| svg.matches(&format!(">{name}")).count()),
        [2, 1, 0, 1],
        "{svg}"
    );
    assert_eq!(
        svg.matches("marker end").count(),
        1,
        "the last one is before its line: {svg}"
    );
    let seen = frame
        .values_at("2026-03-24T02:30:00Z".parse().unwrap(), &[], &kathmandu())
        .unwrap();
    assert_eq!(seen.rows[0], ("marker".into(), "web <2>".into(), "08:05".into()));
    assert_eq!(
        seen.rows[1],
        ("marker".into(), "api 1.0.0".into(), "08:06".into())
    );
    // An hour without an error has no bucket, but a release in it is shown.
    let quiet = |time: &str| frame.values_at(time.parse().unwrap(), &[], &kathmandu());
    let seen = quiet("2026-03-23T18:22:00Z").unwrap();
    assert_eq!(seen.name, "Mar 24, 00:07");
    let [(class, name, clock)] = &seen.rows[..] else {
        panic!("{:?}", seen.rows)
    };
    assert_eq!(
        (class.as_str(), &name[..8], clock.as_str()),
        ("marker", "longlong", "00:05")
    );
    assert_eq!(quiet("2026-03-23T19:00:00Z"), None);
    assert!(
        frame
            .summary("Errors")
            .ends_with("web <2>, api 1.0.0, at the end."),
        "{}",
        frame.summary("Errors")
    );
    let many: Vec<_> = (0..500)
        .map(|at| moment(&format!("2026-03-24T02:{:02}:00Z", at % 60), "v"))
        .collect();
    frame.mark(&many);
    assert_eq!(frame.markers().len(), 20);
}

#[test]
fn the_values_at_a_time_are_those_that_are_drawn_there() {
    let (info, reply) = errors();
    let frame = Frame::new(&info, &reply, &kathmandu()).unwrap();
    let moment = |time: &str, off: &[String]| frame.values_at(time.parse().unwrap(), off, &kathmandu());
    let seen = moment("2026-03-24T02:20:00Z", &[]).unwrap();
    assert_eq!(seen.name, "Mar 24, 08:00");
    let rows: Vec<_> = seen
        .rows
        .iter()
        .map(|(class, name, value)| format!("{class} {name} {value}"))
        .collect();
    assert_eq!(rows, ["total total 9", "s0 TypeError 7", "s1 <KeyError> 2"]);
    assert_eq!(
        moment("2026-03-24T02:20:00Z", &["TypeError".into()])
            .unwrap()
            .rows
            .len(),
        1,
        "one value is its own total"
    );
    assert_eq!(moment("2026-03-24T03:20:00Z", &[]), None, "an hour without a row");
    let moved = |time: &str, by| frame.moved(Some(time.parse().unwrap()), by).unwrap().to_string();
    assert_eq!(moved("2026-03-24T02:20:00Z", 1), "2026-03-24T04:45:00Z");
    assert_eq!(moved("2026-03-24T02:20:00Z", -9), "2026-03-24T00:45:00Z");
    assert_eq!(frame.moved(None, -1).unwrap().to_string(), "2026-03-24T05:45:00Z");

    let (info, reply) = heat();
    let frame = Frame::new(&info, &reply, &Zone::utc()).unwrap();
    let seen = frame
        .values_at("2026-03-24T00:30:00Z".parse().unwrap(), &[], &Zone::utc())
        .unwrap();
    assert_eq!(seen.rows[0], ("heat".into(), "from 100 ms".into(), "400".into()));
}

#[test]
fn a_reply_without_rows_has_no_chart() {
    let (info, mut reply) = errors();
    reply.rows.clear();
    assert_eq!(Frame::new(&info, &reply, &Zone::utc()), None);
}

#[test]
fn a_reply_without_the_charts_column_has_no_chart() {
    let (mut info, reply) = errors();
    info.chart.y = vec!["missing".into()];
    assert_eq!(Frame::new(&info, &reply, &Zone::utc()), None);
}

#[test]
fn many_series_share_one_colour_and_lose_nothing() {
    let (info, mut reply) = errors();
    reply.rows = (0..20)
        .map(|n| {
            vec![
                "2026-03-24T00:15:00Z".into(),
                format!("E{n}").into(),
                (n + 1).into(),
            ]
        })
        .collect();
    let Some(Frame::Time(frame)) = Frame::new(&info, &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    let sum: f64 = frame.series.iter().filter_map(|series| series.values[0]).sum();
    assert_eq!((frame.series.len(), sum), (8, 210.0));
    assert_eq!(frame.keys()[0].name, "E19");
    assert_eq!(frame.keys()[7].classes, "other");
}

#[test]
fn the_other_series_of_a_statement_joins_the_charts_own() {
    let (info, mut reply) = errors();
    let row = |name: &str, errors: u64| vec!["2026-03-24T00:15:00Z".into(), name.into(), errors.into()];
    reply.rows = vec![row("other", 1_000), row("A", 2), row("B", 3)];
    let Some(Frame::Time(frame)) = Frame::new(&info, &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    let names: Vec<_> = frame.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["B", "A", "other"]);
    assert_eq!(frame.keys()[2].classes, "other");

    // Lines do not add up: what a statement put together is a series like others, after them.
    let mut lines = info;
    lines.chart.kind = lakefront_api::ChartKind::Line;
    reply.rows.extend((0..20).map(|n| row(&format!("E{n}"), 10)));
    let Some(Frame::Time(frame)) = Frame::new(&lines, &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    assert_eq!((frame.series.len(), frame.hidden), (8, 15));
    assert!(frame.series.iter().all(|series| series.name != "other"));
}

#[test]
fn keys_with_an_empty_part_are_series_of_their_own() {
    let chart = json!({ "kind": "bar", "x": "hour", "y": ["queries"], "series": ["backend", "reason"] });
    let rows = vec![
        json!(["2026-03-24T00:00:00Z", "view", "", 1]),
        json!(["2026-03-24T00:00:00Z", "", "view", 2]),
        json!(["2026-03-24T00:00:00Z", "chdb", "", 4]),
    ];
    let range = ("2026-03-24T00:00:00Z", "2026-03-24T01:00:00Z");
    let reply = reply(&["hour", "backend", "reason", "queries"], rows, range, range.1);
    let Some(Frame::Time(frame)) = Frame::new(&info("hour", chart, &[]), &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    let series: Vec<_> = frame
        .series
        .iter()
        .map(|series| (series.name.as_str(), series.values[0]))
        .collect();
    assert_eq!(
        series,
        [
            ("chdb", Some(4.0)),
            ("(none) · view", Some(2.0)),
            ("view · (none)", Some(1.0))
        ]
    );
}

#[test]
fn a_long_range_has_bars_of_days_on_the_clocks_of_the_zone() {
    let berlin = Zone {
        name: "Europe/Berlin".into(),
        offsets: [("2026-02-01T00:00:00Z", 3_600), ("2026-03-29T01:00:00Z", 7_200)]
            .map(|(from, seconds)| ZoneOffset {
                from: from.parse().unwrap(),
                seconds,
            })
            .into(),
    };
    let (mut info, _) = errors();
    let column = json!({ "name": "hour", "type": "DateTime('UTC')", "description": "" });
    info.columns = vec![serde_json::from_value(column).unwrap()];
    let rows = vec![
        json!(["2026-03-28T23:00:00Z", "a", 1]),
        json!(["2026-03-29T22:00:00Z", "a", 1]),
    ];
    let columns = ["hour", "error_type", "errors"];
    let range = ("2026-02-14T23:00:00Z", "2026-04-01T22:00:00Z");
    let lengths = |range| {
        let reply = reply(&columns, rows.clone(), range, range.1);
        let Some(Frame::Time(frame)) = Frame::new(&info, &reply, &berlin) else {
            panic!("no frame")
        };
        let length = |bar: &lakefront_chart::Bar| bar.end.duration_since(bar.start).as_hours();
        frame.buckets.iter().map(length).collect::<Vec<_>>()
    };
    assert_eq!(lengths(range), [23, 24]);
    assert_eq!(lengths(("2026-03-28T23:00:00Z", range.1)), [1, 1]);
}

#[test]
fn many_series_cost_no_more_than_the_drawn_ones() {
    let chart = json!({ "kind": "line", "x": "hour", "y": ["errors"], "series": ["error_type"] });
    let from: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let rows = (0..50_000_i64).map(|n| {
        let hour = from
            .checked_add(jiff::SignedDuration::from_hours(n % 720))
            .unwrap();
        json!([hour.to_string(), format!("E{n}"), 1])
    });
    let range = ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z");
    let reply = reply(&["hour", "error_type", "errors"], rows.collect(), range, range.1);
    let Some(Frame::Time(frame)) = Frame::new(&info("hour", chart, &[]), &reply, &Zone::utc()) else {
        panic!("no frame")
    };
    let cells: usize = frame.series.iter().map(|series| series.values.len()).sum();
    assert_eq!((cells, frame.hidden), (8 * 720, 49_992));
}

#[test]
fn the_summary_describes_the_drawing() {
    let (info, reply) = errors();
    let frame = Frame::new(&info, &reply, &kathmandu()).unwrap();
    assert_eq!(
        frame.summary("Errors"),
        "Errors: stacked bars over time, from 1 to 13. Series: TypeError, <KeyError>."
    );
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(|value| json!(value)),
        (-1000_i64..1000).prop_map(|value| json!(value)),
        Just(json!(0)),
        Just(json!(1.5)),
        Just(json!(f64::MAX)),
        Just(Value::Null),
        Just(json!("text")),
    ]
}

fn time() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![
        1_774_000_000_i64..1_774_100_000,
        Just(1_774_000_000),
        -62_000_000_000_i64..200_000_000_000
    ];
    seconds.prop_map(|seconds| jiff::Timestamp::from_second(seconds).unwrap().to_string())
}

/// The numbers of a drawing must be numbers, and all of it one element.
fn assert_sound(svg: &str) {
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"), "{svg}");
    assert_eq!(
        (svg.matches("<svg").count(), svg.matches("</svg>").count()),
        (2, 2)
    );
    let marks = svg
        .split(r#" d=""#)
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    for mark in marks {
        assert!(
            mark.chars().all(|c| c.is_ascii_digit() || " -mlhvz".contains(c)),
            "{mark}"
        );
    }
}

proptest! {
    #[test]
    fn every_reply_can_be_drawn(
        kind in prop_oneof![Just("bar"), Just("line"), Just("ranking"), Just("heatmap")],
        bucket in prop_oneof![Just("exact"), Just("hour"), Just("day")],
        rows in prop::collection::vec((time(), "[a-z<&é界]{0,40}", value(), value()), 0..40),
        ends in (time(), time()),
    ) {
        let chart = json!({ "kind": kind, "x": "time", "y": ["a", "b"], "series": ["key"] });
        let rows = rows.into_iter().map(|(time, key, a, b)| json!([time, key, a, b])).collect();
        let reply = reply(&["time", "key", "a", "b"], rows, (&ends.0, &ends.1), "2026-03-24T00:00:00Z");
        let mut info = info(bucket, chart, &[("a", "ms")]);
        if kind == "heatmap" {
            info.chart.series = vec!["b".into()];
        }
        if let Some(frame) = Frame::new(&info, &reply, &kathmandu()) {
            if kind != "ranking" {
                assert_sound(&draw(&frame, &kathmandu()));
            }
            frame.summary("Anything");
            if let Some((from, to)) = frame.span() {
                for time in [from, to] {
                    frame.values_at(time, &[], &kathmandu());
                    frame.moved(Some(time), 1);
                }
            }
        }
    }

    #[test]
    fn labels_of_the_time_axis_never_touch(from in 0_i64..4_000_000_000, length in 60_i64..400_000_000) {
        let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap().to_string();
        let rows = vec![json!([at(from), "k", 3])];
        let reply = reply(&["hour", "error_type", "errors"], rows, (&at(from), &at(from + length)), &at(from));
        let chart = json!({ "kind": "bar", "x": "hour", "y": ["errors"], "series": ["error_type"] });
        let mut info = info("hour", chart, &[]);
        info.bucket = Bucket::Exact;
        let svg = draw(&Frame::new(&info, &reply, &kathmandu()).unwrap(), &kathmandu());
        // The narrowest plots in which each list is shown.
        for (class, width) in [("wide", 420.0), ("narrow", 210.0)] {
            let labels = svg.split(&format!(r#"<g class="{class}">"#)).nth(1).unwrap();
            let labels = labels.split("</g>").next().unwrap().split("<text ").skip(1);
            let mut free = f64::NEG_INFINITY;
            for label in labels {
                let x: f64 = label.split(r#"x=""#).nth(1).unwrap().split('%').next().unwrap().parse().unwrap();
                let text = label.split('>').nth(1).unwrap().split('<').next().unwrap();
                // An ordinary font is about half as wide as it is high.
                let half = text.chars().count() as f64 * 11.5 * 0.55 / 2.0;
                let x = x / 100.0 * width;
                prop_assert!(x - half > free, "{text} touches the label before it: {svg}");
                free = x + half;
            }
        }
    }
}

#[test]
fn a_drawing_is_small_whatever_it_shows() {
    // Pseudo-random values: nothing about them repeats.
    let mut state = 1_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 10_000
    };
    let from: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let hour = |n: i64| {
        let time = from.checked_add(jiff::SignedDuration::from_hours(n));
        time.unwrap().to_string()
    };
    for (kind, buckets) in ["bar", "line", "heatmap"]
        .into_iter()
        .flat_map(|kind| [1, 51, 199, 201, 720, 3_001].map(|buckets| (kind, buckets)))
    {
        let cells = (0..buckets).flat_map(|n| (0..8).map(move |key| (n, key)));
        let rows = cells.map(|(n, key)| json!([hour(n), key, random()])).collect();
        let ends = (hour(0), hour(buckets));
        let reply = reply(&["hour", "key", "value"], rows, (&ends.0, &ends.1), &ends.1);
        let chart = json!({ "kind": kind, "x": "hour", "y": ["value"], "series": ["key"] });
        let frame = Frame::new(&info("hour", chart, &[]), &reply, &Zone::utc()).unwrap();
        let size = draw(&frame, &Zone::utc()).len();
        assert!(size < 22_000, "{kind} of {buckets} hours: {size} bytes");
    }
}
