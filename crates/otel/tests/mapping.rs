//! Tests of each rule that turns attributes into promoted columns.
#![cfg(feature = "arrow")]

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use arrow_array::cast::AsArray;
use lakefront_otel::arrow::TracesBuilder;
use lakefront_otel::map::{LogRow, Mapper, Promoted, Pseudonym, RequestContext, SpanRow, UserAgent, text};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

const CHROME: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";
const SDK: &str = "OTel-OTLP-Exporter-Python/1.45.2";

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn string(text: &str) -> Value {
    Value::StringValue(text.into())
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(any(value)),
        ..KeyValue::default()
    }
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    pairs
        .iter()
        .map(|(key, value)| attribute(key, string(value)))
        .collect()
}

/// The address of the sender in [`context`].
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
const KEY: [u8; 32] = [1; 32];

fn context(user_agent: &'static str) -> RequestContext<'static> {
    RequestContext {
        sender: Some(Pseudonym::new(&KEY, ADDRESS)),
        user_agent,
        country: "NL",
        arrival: 5_000_000,
    }
}

/// Maps a log record of the service `shop`, and passes the row to `look`.
fn log<T>(record: &LogRecord, context: &RequestContext<'_>, look: impl FnOnce(LogRow<'_>) -> T) -> T {
    let resource = Resource {
        attributes: attributes(&[("service.name", "shop"), ("deployment.environment", "staging")]),
        ..Resource::default()
    };
    let mut mapper = Mapper::new();
    let resource = mapper.resource(Some(&resource), "", context);
    look(mapper.log(record, &resource))
}

fn event(name: &str, pairs: &[(&str, &str)]) -> LogRecord {
    LogRecord {
        event_name: name.into(),
        attributes: attributes(pairs),
        ..LogRecord::default()
    }
}

/// Maps an event from a browser, and passes its promoted columns to `look`.
fn browser<T>(name: &str, pairs: &[(&str, &str)], look: impl FnOnce(&Promoted<'_>) -> T) -> T {
    log(&event(name, pairs), &context(CHROME), |row| look(&row.promoted))
}

fn span<T>(span: &Span, look: impl FnOnce(Option<SpanRow<'_>>) -> T) -> T {
    let mut mapper = Mapper::new();
    let resource = mapper.resource(None, "", &context(SDK));
    look(mapper.span(span, &resource))
}

fn server_span(pairs: &[(&str, &str)]) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        kind: SpanKind::Server as i32,
        start_time_unix_nano: 7_000_000_000,
        end_time_unix_nano: 7_012_500_000,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

#[test]
fn time_zero_is_the_observed_time_else_arrival() {
    let times = |time, observed| {
        let record = LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: observed,
            ..LogRecord::default()
        };
        log(&record, &context(SDK), |row| {
            (row.timestamp, row.observed_timestamp)
        })
    };
    assert_eq!(times(1_000_999, 2_000_000), (1_000, 2_000));
    assert_eq!(times(0, 2_000_000), (2_000, 2_000));
    assert_eq!(times(0, 0), (5_000_000, 5_000_000));
    assert_eq!(times(u64::MAX, 1_000).0, 18_446_744_073_709_551);
}

#[test]
fn errors_in_logs() {
    let error = |record: &LogRecord| {
        log(record, &context(SDK), |row| {
            (
                row.promoted.error_type.into_owned(),
                row.promoted.error_message.into_owned(),
            )
        })
    };
    let is = |r#type: &str, message: &str| (r#type.to_owned(), message.to_owned());
    let body = Some(any(string("it broke")));
    assert_eq!(
        error(&event("exception", &[("exception.message", "no")])),
        is("untyped", "no")
    );
    assert_eq!(
        error(&event("exception", &[("error.type", "timeout")])),
        is("timeout", "")
    );
    assert_eq!(
        error(&event("", &[("exception.type", "KeyError")])),
        is("KeyError", "")
    );
    let severe = |severity_number| LogRecord {
        severity_number,
        body: body.clone(),
        ..LogRecord::default()
    };
    assert_eq!(error(&severe(17)), is("untyped", "it broke"));
    assert_eq!(error(&severe(16)), is("", ""));
    assert_eq!(error(&severe(99)), is("", ""));
    // The `error.type` of a failed request is not an exception.
    assert_eq!(
        error(&event("http.server.request", &[("error.type", "500")])),
        is("", "")
    );
}

#[test]
fn errors_of_spans_are_the_last_exception() {
    let exception = |message: &str| Event {
        name: "exception".into(),
        attributes: attributes(&[("exception.type", "IOError"), ("exception.message", message)]),
        ..Event::default()
    };
    let mut failed = server_span(&[("error.group", "disk")]);
    failed.events = vec![
        exception("first"),
        exception("last"),
        Event {
            name: "retry".into(),
            ..Event::default()
        },
    ];
    failed.status = Some(Status {
        code: 2,
        message: "failed".into(),
    });
    span(&failed, |row| {
        let row = row.expect("valid ids");
        assert_eq!(
            (&*row.promoted.error_type, &*row.promoted.error_message),
            ("IOError", "last")
        );
        assert_eq!(row.promoted.error_group, "disk");
        assert_eq!(
            (row.status_code, row.status_message, row.span_kind),
            ("Error", "failed", "Server")
        );
    });
    failed.events.clear();
    span(&failed, |row| {
        assert_eq!(row.expect("valid ids").promoted.error_type, "")
    });
}

/// Returns the errors of the spans of one request, by span id: type, message, and group.
fn errors_of(spans: Vec<Span>) -> Vec<(String, String, String)> {
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    let resource_spans = vec![ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }];
    let mut builder = TracesBuilder::new();
    let request = ExportTraceServiceRequest { resource_spans };
    builder
        .append(&request, &context(SDK), 1)
        .expect("a small request");
    let rows = builder.finish();
    let column = |name| {
        rows.column_by_name(name)
            .expect("a column")
            .as_string::<i32>()
            .clone()
    };
    let (types, messages, groups) = (column("ErrorType"), column("ErrorMessage"), column("ErrorGroup"));
    (0..rows.num_rows())
        .map(|row| {
            [&types, &messages, &groups]
                .map(|column| column.value(row).to_owned())
                .into()
        })
        .collect()
}

fn failed_span(id: u8, parent: u8, message: &str, stack: &str) -> Span {
    let pairs = [
        ("exception.type", "ValueError"),
        ("exception.message", message),
        ("exception.stacktrace", stack),
    ];
    Span {
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { vec![] } else { vec![parent; 8] },
        events: vec![Event {
            name: "exception".into(),
            attributes: attributes(&pairs),
            ..Event::default()
        }],
        ..server_span(&[])
    }
}

/// Python's SDK records an exception in each span that it leaves, with as many frames as it has passed.
#[test]
fn one_throw_through_nested_spans_is_one_error() {
    let frame = |function: &str| format!("  File \"/srv/app/shop.py\", line 7, in {function}\n    …\n");
    let stack = |functions: &[&str]| {
        let frames: String = functions.iter().map(|function| frame(function)).collect();
        format!("Traceback (most recent call last):\n{frames}ValueError: declined\n")
    };
    let inner = failed_span(3, 2, "declined", &stack(&["charge"]));
    let middle = failed_span(2, 1, "declined", &stack(&["pay", "charge"]));
    let outer = failed_span(1, 0, "declined", &stack(&["handle", "pay", "charge"]));
    let counted =
        |errors: &[(String, String, String)]| errors.iter().filter(|error| !error.0.is_empty()).count();

    let errors = errors_of(vec![inner.clone(), middle.clone(), outer.clone()]);
    let types: Vec<&str> = errors.iter().map(|error| &*error.0).collect();
    assert_eq!(types, ["ValueError", "", ""], "only the innermost counts");
    for (_, message, group) in &errors {
        assert_eq!((&**message, group), ("declined", &errors[0].2), "all show it");
    }
    // The order of the spans does not matter, nor a span between them without an exception.
    let quiet = Span {
        events: vec![],
        ..middle.clone()
    };
    assert_eq!(counted(&errors_of(vec![outer.clone(), quiet, inner.clone()])), 1);
    // In separate requests, each is an error, and all have the same group.
    assert_eq!(errors_of(vec![middle.clone()])[0].2, errors[0].2);

    let retry = failed_span(4, 2, "declined", &stack(&["charge"]));
    assert_eq!(
        counted(&errors_of(vec![inner.clone(), retry, middle.clone()])),
        2,
        "two throws"
    );
    let other = failed_span(2, 1, "no stock", &stack(&["pay"]));
    assert_eq!(
        counted(&errors_of(vec![inner.clone(), other])),
        2,
        "another error"
    );
    let elsewhere = Span {
        trace_id: vec![9; 16],
        ..middle
    };
    assert_eq!(counted(&errors_of(vec![inner, elsewhere])), 2, "another trace");
}

/// A span that is its own parent keeps its error.
#[test]
fn a_span_within_itself_is_an_error() {
    let errors = errors_of(vec![failed_span(1, 1, "a", ""), failed_span(2, 1, "b", "")]);
    assert!(errors.iter().all(|error| !error.0.is_empty()), "{errors:?}");
}

#[test]
fn groups_forget_what_varies_and_keep_what_does_not() {
    let group = |r#type: &str, message: &str, stack: &str| {
        let pairs = [
            ("exception.type", r#type),
            ("exception.message", message),
            ("exception.stacktrace", stack),
        ];
        log(&event("exception", &pairs), &context(SDK), |row| {
            row.promoted.error_group.into_owned()
        })
    };
    let stack =
        |hash: &str, line: u32| format!("at pay (https://shop.example/assets/cart-{hash}.js:{line}:9)");
    let one = group("TypeError", "order 1 failed", &stack("3f2a1b9c", 1));
    assert_eq!(one, group("TypeError", "order 2 failed", &stack("BxT9d2Zk", 7)));
    assert_ne!(one, group("RangeError", "order 1 failed", &stack("3f2a1b9c", 1)));
    assert_ne!(one, group("TypeError", "order lost", &stack("3f2a1b9c", 1)));
    assert_ne!(
        one,
        group(
            "TypeError",
            "order 1 failed",
            "at refund (https://shop.example/assets/cart.js:1:9)"
        )
    );
}

#[test]
fn page_views_and_their_pages() {
    let page = |name: &str, pairs: &[(&str, &str)]| {
        browser(name, pairs, |row| {
            (
                row.is_page_view,
                row.page_path.to_string(),
                row.page_route.to_string(),
            )
        })
    };
    let is = |view, path: &str, route: &str| (view, path.to_owned(), route.to_owned());
    let full = ("url.full", "https://shop.example/products/7?x=1");
    let document = ("browser.document.url.full", "https://shop.example/cart#top");
    assert_eq!(
        page("browser.navigation", &[full, document]),
        is(true, "/products/7", "/products/:id")
    );
    assert_eq!(page("browser.page_view", &[document]), is(true, "/cart", "/cart"));
    assert_eq!(
        page("browser.page_view", &[("url.path", "/a/1"), full]),
        is(true, "/a/1", "/a/:id")
    );
    // On other events, `url.full` is the loaded resource, not the page.
    assert_eq!(
        page("browser.resource_timing", &[full, document]),
        is(false, "/cart", "/cart")
    );
    assert_eq!(page("exception", &[full]), is(false, "", ""));
    let mut hash = event("browser.navigation", &[full]);
    hash.attributes.push(attribute(
        "browser.navigation.hash_change",
        Value::BoolValue(true),
    ));
    log(&hash, &context(CHROME), |row| assert!(!row.promoted.is_page_view));
}

#[test]
fn paths_have_the_routes_beside_them() {
    let list = include_str!("../fixtures/routes.tsv");
    let lines = list.lines().filter(|line| !line.starts_with("# "));
    let (mut count, mut wrong) = (0, Vec::new());
    for line in lines {
        let (path, route) = line
            .split_once('\t')
            .unwrap_or_else(|| panic!("not two fields: {line}"));
        let found = browser("browser.page_view", &[("url.path", path)], |row| {
            assert_eq!(row.page_path, path, "the path stays as it was sent");
            row.page_route.to_string()
        });
        if found != route {
            wrong.push(format!("{path} is {found}, expected {route}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 200, "only {count}");
}

#[test]
fn visits_know_campaign_and_referrer() {
    let full = (
        "url.full",
        "https://shop.example/?utm_source=a%20b&utm_medium=mail&utm_campaign=gr%C3%BC%C3%9Fe&q=1",
    );
    browser(
        "browser.page_view",
        &[full, ("document.referrer", "https://news.example/a?b")],
        |row| {
            assert_eq!(
                (&*row.utm_source, &*row.utm_medium, &*row.utm_campaign),
                ("a b", "mail", "grüße")
            );
            assert_eq!(row.referrer_host, "news.example");
        },
    );
    browser(
        "browser.page_view",
        &[full, ("document.referrer", "https://shop.example/cart")],
        |row| {
            assert_eq!(row.referrer_host, "");
        },
    );
}

#[test]
fn referrers_are_other_sites_and_apps() {
    let referrer = |url: &str, referrer: &str| {
        browser(
            "browser.page_view",
            &[("url.full", url), ("browser.document.referrer", referrer)],
            |row| row.referrer_host.to_string(),
        )
    };
    let page = "https://shop.example/cart";
    for (from, host) in [
        ("https://news.example/a?b", "news.example"),
        ("http://NEWS.example:8080/", "news.example"),
        ("https://shop.example/", ""),
        ("https://www.shop.example/", ""),
        ("http://shop.example:8443/x", ""),
        ("https://blog.shop.example/", "blog.shop.example"),
        ("https://notshop.example/", "notshop.example"),
        (
            "android-app://com.google.android.googlequicksearchbox/",
            "www.google.com",
        ),
        (
            "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
            "www.google.com",
        ),
        ("android-app://com.google.android.gm/", "mail.google.com"),
        ("android-app://org.example.reader", "org.example.reader"),
        ("chrome-extension://abcdefghijklmnop/page.html", ""),
        ("file:///home/ada/links.html", ""),
        ("about:blank", ""),
        ("not a url", ""),
        ("", ""),
    ] {
        assert_eq!(referrer(page, from), host, "{from}");
    }
    assert_eq!(
        referrer("https://www.shop.example:8443/", "https://shop.example/"),
        ""
    );
    assert_eq!(
        referrer("/cart", "https://shop.example/"),
        "shop.example",
        "the own site is not known"
    );
}

#[test]
fn vitals_from_attributes_or_a_body() {
    let vital = |record: &LogRecord| {
        log(record, &context(CHROME), |row| {
            (row.promoted.vital_name.into_owned(), row.promoted.vital_value)
        })
    };
    let mut current = event("browser.web_vital", &[("browser.web_vital.name", "LCP")]);
    current
        .attributes
        .push(attribute("browser.web_vital.value", Value::IntValue(2_500)));
    assert_eq!(vital(&current), ("lcp".into(), Some(2_500.0)));
    let values = vec![
        attribute("name", string("CLS")),
        attribute("value", Value::DoubleValue(0.25)),
    ];
    let body = Some(any(Value::KvlistValue(KeyValueList { values })));
    assert_eq!(
        vital(&LogRecord {
            body,
            ..event("browser.web_vital", &[])
        }),
        ("cls".into(), Some(0.25))
    );
    assert_eq!(
        vital(&event("browser.web_vital", &[("name", "inp"), ("value", "soon")])),
        ("inp".into(), None)
    );
    assert_eq!(
        vital(&event("other", &[("name", "inp"), ("value", "3")])),
        (String::new(), None)
    );
}

#[test]
fn requests_are_server_spans_and_logs_without_a_span() {
    let columns = |row: &Promoted<'_>| {
        (
            row.http_route.to_string(),
            row.http_method.to_string(),
            row.http_status_code,
            row.duration_ms,
        )
    };
    let none = (String::new(), String::new(), None, None);
    let stable = [
        ("http.request.method", "GET"),
        ("http.route", "/p/{id}"),
        ("http.response.status_code", "200"),
    ];
    span(&server_span(&stable), |row| {
        let row = row.expect("valid ids");
        assert_eq!(
            columns(&row.promoted),
            ("/p/{id}".into(), "GET".into(), Some(200), Some(12.5))
        );
        assert_eq!(row.duration, 12_500_000);
    });
    span(
        &server_span(&[("http.method", "PUT"), ("http.status_code", "503")]),
        |row| {
            let row = row.expect("valid ids");
            assert_eq!(
                columns(&row.promoted),
                ("(none)".into(), "PUT".into(), Some(503), Some(12.5))
            );
        },
    );
    span(&server_span(&[("rpc.system", "grpc")]), |row| {
        assert_eq!(columns(&row.expect("valid ids").promoted), none)
    });
    let client = Span {
        kind: SpanKind::Client as i32,
        ..server_span(&stable)
    };
    span(&client, |row| {
        assert_eq!(columns(&row.expect("valid ids").promoted), none)
    });

    let mut logged = event("http.server.request", &stable);
    logged.attributes.push(attribute(
        "http.server.request.duration",
        Value::DoubleValue(0.25),
    ));
    log(&logged, &context(SDK), |row| {
        assert_eq!(
            columns(&row.promoted),
            ("/p/{id}".into(), "GET".into(), Some(200), Some(250.0))
        );
    });
    logged.span_id = vec![2; 8];
    log(&logged, &context(SDK), |row| {
        assert_eq!(columns(&row.promoted), none)
    });
}

/// Implausible durations are not in DurationMs, where they would distort percentiles. The column Duration keeps them.
#[test]
fn durations_that_cannot_be_are_left_out() {
    const DAY: u64 = 86_400_000_000_000;
    let now = 20_000 * DAY;
    let durations = |start, end| {
        let request = Span {
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            ..server_span(&[("http.request.method", "GET")])
        };
        span(&request, |row| {
            let row = row.expect("valid ids");
            assert_eq!(row.promoted.http_route, "(none)", "the request counts");
            (row.duration, row.promoted.duration_ms)
        })
    };
    assert_eq!(durations(now, now + 12_500_000), (12_500_000, Some(12.5)));
    assert_eq!(durations(now, now), (0, Some(0.0)));
    assert_eq!(
        durations(now, now + 7 * DAY),
        (604_800_000_000_000, Some(604_800_000.0))
    );
    assert_eq!(durations(now, now + 8 * DAY), (691_200_000_000_000, None));
    assert_eq!(durations(0, now), (0, None), "no start");
    assert_eq!(durations(now, 0), (0, None), "no end");
    assert_eq!(durations(now, now - 1), (0, None), "end before start");
    assert_eq!(durations(1, u64::MAX), (i64::MAX, None));

    let logged = |value: Value, key: &str| {
        let mut request = event("http.server.request", &[]);
        request.attributes.push(attribute(key, value));
        log(&request, &context(SDK), |row| row.promoted.duration_ms)
    };
    let seconds = |seconds| logged(Value::DoubleValue(seconds), "http.server.request.duration");
    assert_eq!(seconds(0.25), Some(250.0));
    for absurd in [-0.25, f64::NAN, f64::INFINITY, 1e300, 604_801.0] {
        assert_eq!(seconds(absurd), None, "{absurd}");
    }
    assert_eq!(logged(Value::IntValue(i64::MIN), "duration_ms"), None);
    assert_eq!(logged(string("1e12"), "duration_ms"), None);
    assert_eq!(logged(string("12"), "duration_ms"), Some(12.0));
}

#[test]
fn status_codes_and_vitals_that_cannot_be_are_left_out() {
    let status = |code| {
        let mut request = server_span(&[("http.request.method", "GET")]);
        request
            .attributes
            .push(attribute("http.response.status_code", code));
        span(&request, |row| row.expect("valid ids").promoted.http_status_code)
    };
    assert_eq!(status(Value::IntValue(599)), Some(599));
    assert_eq!(status(string("404")), Some(404));
    for absurd in [0, -1, 99, 600, i64::MAX] {
        assert_eq!(status(Value::IntValue(absurd)), None, "{absurd}");
    }
    assert_eq!(status(Value::DoubleValue(f64::NAN)), None);
    // If the value of the stable key is invalid, the old key is used.
    let both = server_span(&[
        ("http.request.method", "GET"),
        ("http.response.status_code", "0"),
        ("http.status_code", "200"),
    ]);
    span(&both, |row| {
        assert_eq!(row.expect("valid ids").promoted.http_status_code, Some(200))
    });

    let vital = |name, value| {
        let mut vital = event("browser.web_vital", &[("browser.web_vital.name", name)]);
        let key = "browser.web_vital.value";
        vital.attributes.push(attribute(key, Value::DoubleValue(value)));
        log(&vital, &context(CHROME), |row| row.promoted.vital_value)
    };
    assert_eq!(vital("LCP", 2_500.5), Some(2_500.5));
    assert_eq!(vital("CLS", 0.0), Some(0.0));
    for absurd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1e300, 1.7e12] {
        assert_eq!(vital("LCP", absurd), None, "{absurd}");
        assert_eq!(vital("CLS", absurd), None, "{absurd}");
    }
    assert_eq!((vital("CLS", 101.0), vital("INP", 101.0)), (None, Some(101.0)));
}

#[test]
fn spans_need_valid_ids() {
    let valid = server_span(&[]);
    for (trace_id, span_id) in [
        (vec![], vec![2; 8]),
        (vec![1; 16], vec![0; 8]),
        (vec![1; 15], vec![2; 8]),
    ] {
        span(
            &Span {
                trace_id,
                span_id,
                ..valid.clone()
            },
            |row| assert!(row.is_none()),
        );
    }
    span(&valid, |row| {
        assert_eq!(row.expect("valid").trace_id.as_str(), "01".repeat(16))
    });
}

#[test]
fn a_span_without_a_start_has_no_duration() {
    let unknown = Span {
        start_time_unix_nano: 0,
        ..server_span(&[("http.request.method", "GET")])
    };
    span(&unknown, |row| {
        let row = row.expect("valid");
        assert_eq!((row.duration, row.promoted.duration_ms), (0, None));
    });
}

#[test]
fn visitors_are_users_else_devices_else_browsers_else_sessions() {
    let visitor = |pairs: &[(&str, &str)], context: &RequestContext<'_>| {
        log(&event("browser.page_view", pairs), context, |row| {
            row.promoted.visitor_id.into_owned()
        })
    };
    let session = ("session.id", "s");
    let (from_browser, from_server) = (context(CHROME), context(SDK));
    assert_eq!(
        visitor(&[("user.id", "u"), ("device.id", "d"), session], &from_browser),
        "u"
    );
    assert_eq!(visitor(&[("enduser.id", "e"), session], &from_browser), "e");
    assert_eq!(visitor(&[("device.id", "d"), session], &from_browser), "d");
    assert_eq!(visitor(&[session], &from_server), "s");
    assert_eq!(visitor(&[], &from_server), "");

    let hash = visitor(&[session], &from_browser);
    assert_eq!(hash.len(), 16);
    assert_eq!(hash, visitor(&[("session.id", "another")], &from_browser));
    assert_ne!(
        hash,
        visitor(
            &[session],
            &RequestContext {
                sender: Some(Pseudonym::new(&[2; 32], ADDRESS)),
                ..from_browser
            }
        ),
        "another day"
    );
    let other_address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 8));
    assert_ne!(
        hash,
        visitor(
            &[session],
            &RequestContext {
                sender: Some(Pseudonym::new(&KEY, other_address)),
                ..from_browser
            }
        )
    );
    // A client's address that a server reports is not hashed, because there is no key for it.
    let passed_on = [
        ("user_agent.original", CHROME),
        ("client.address", "203.0.113.7"),
        session,
    ];
    assert_eq!(visitor(&passed_on, &from_server), "s");
    assert_eq!(visitor(&passed_on[..2], &from_server), "");
}

/// Placeholder ids would merge all visitors that have them into one.
#[test]
fn ids_that_stand_for_nobody_are_absent() {
    let ids = |pairs: &[(&str, &str)]| {
        log(&event("browser.page_view", pairs), &context(CHROME), |row| {
            let promoted = row.promoted;
            (
                promoted.user_id.into_owned(),
                promoted.session_id.into_owned(),
                promoted.visitor_id.len(),
            )
        })
    };
    for nobody in [
        "undefined",
        "null",
        "NULL",
        "NaN",
        "[object Object]",
        "0",
        "-1",
        "anonymous",
        " Anonymous ",
        "00000000-0000-0000-0000-000000000000",
        "",
    ] {
        for key in ["user.id", "enduser.id", "app.installation.id", "device.id"] {
            let pairs = [(key, nobody), ("session.id", nobody)];
            assert_eq!(ids(&pairs), (String::new(), String::new(), 16), "{key} {nobody}");
        }
    }
    assert_eq!(
        ids(&[("user.id", "0"), ("enduser.id", "e")]).0,
        "e",
        "the next key counts"
    );
    for somebody in ["10", "o0", "anonymous-17", "null@shop.example"] {
        assert_eq!(ids(&[("user.id", somebody)]).0, somebody);
    }
    let mut number = event("", &[]);
    number.attributes.push(attribute("user.id", Value::IntValue(0)));
    log(&number, &context(SDK), |row| assert_eq!(row.promoted.user_id, ""));
}

/// A value that queries filter by is never longer than a parameter may be.
#[test]
fn long_texts_end_in_a_hash() {
    const MAX: usize = lakefront_otel::MAX_FILTER_BYTES;
    let long = |last: &str| "ä".repeat(MAX / 2) + last;
    let columns = |last: &str| {
        let text = long(last);
        let path = format!("/{text}");
        let pairs = [
            ("exception.type", &*text),
            ("error.group", &*text),
            ("user.id", &*text),
            ("session.id", &*text),
            ("deployment.environment", &*text),
            ("url.path", &*path),
        ];
        log(&event("exception", &pairs), &context(SDK), |row| {
            let row = row.promoted;
            assert_eq!(row.page_path, path, "as sent");
            assert_eq!(row.user_id, row.visitor_id);
            [
                row.error_type,
                row.error_group,
                row.user_id,
                row.session_id,
                row.environment,
                row.page_route,
            ]
            .map(Cow::into_owned)
        })
    };
    for (one, other) in columns("1").iter().zip(columns("2")) {
        assert!((MAX - 2..=MAX).contains(&one.len()), "{}", one.len());
        assert_ne!(*one, other);
    }
    assert_eq!(columns("1"), columns("1"));
    let fits = "a".repeat(MAX);
    log(&event("", &[("user.id", &fits)]), &context(SDK), |row| {
        assert_eq!(row.promoted.user_id, fits)
    });
    let route = [("http.request.method", "GET"), ("http.route", &*long("1"))];
    span(&server_span(&route), |row| {
        assert!(row.expect("valid ids").promoted.http_route.len() <= MAX);
    });
    let resource = Resource {
        attributes: attributes(&[("service.name", &long("1"))]),
        ..Resource::default()
    };
    assert!(
        Mapper::new()
            .resource(Some(&resource), "", &context(SDK))
            .service_name
            .len()
            <= MAX
    );
}

#[test]
fn the_senders_country_counts_only_for_browsers() {
    let country = |pairs: &[(&str, &str)], user_agent| {
        log(&event("", pairs), &context(user_agent), |row| {
            row.promoted.country.into_owned()
        })
    };
    assert_eq!(country(&[], CHROME), "NL");
    assert_eq!(country(&[], SDK), "");
    assert_eq!(country(&[("geo.country.iso_code", "NP")], SDK), "NP");
}

#[test]
fn records_come_before_their_resource() {
    log(&event("", &[]), &context(SDK), |row| {
        assert_eq!(row.promoted.environment, "staging")
    });
    let own = event("", &[("deployment.environment.name", "canary")]);
    log(&own, &context(SDK), |row| {
        assert_eq!(row.promoted.environment, "canary")
    });
}

#[test]
fn user_agents() {
    let agent = |header: &str| {
        let agent = UserAgent::parse(header);
        (
            agent.device_type,
            agent.browser,
            agent.os,
            agent.is_bot,
            agent.is_browser,
        )
    };
    assert_eq!(
        agent(CHROME),
        ("mobile", "Chrome".into(), "Android".into(), false, true)
    );
    let ipad = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";
    assert_eq!(
        agent(ipad),
        ("tablet", "Safari".into(), "iPad".into(), false, true)
    );
    let firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0";
    assert_eq!(
        agent(firefox),
        ("desktop", "Firefox".into(), "Windows 10".into(), false, true)
    );
    let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let (device_type, .., is_bot, _) = agent(google);
    assert_eq!((device_type, is_bot), ("bot", true));
    assert!(!agent(SDK).4);
    assert!(!agent("").4);
    // The limit is in the middle of a character.
    agent(&"ä".repeat(1_000));
}

#[test]
fn robots_and_people_are_told_apart_as_listed() {
    let list = include_str!("../fixtures/user_agents.tsv");
    let mut wrong = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let (kind, header) = line
            .split_once('\t')
            .unwrap_or_else(|| panic!("not two fields: {line}"));
        let agent = UserAgent::parse(header);
        let found = if agent.is_bot { "robot" } else { "person" };
        if found != kind {
            wrong.push(format!("a {found}, expected a {kind}: {header}"));
        }
        assert_eq!(agent.device_type == "bot", agent.is_bot, "{header}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Only a robot that claims to be nothing else has no name.
#[test]
fn a_robot_has_the_name_that_gives_it_away() {
    for (header, name) in [
        (
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "bingbot",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36",
            "Googlebot",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0.0.0 Safari/537.36",
            "HeadlessChrome",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36 DatadogSynthetics",
            "DatadogSynthetics",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
            "Firefox",
        ),
    ] {
        assert_eq!(UserAgent::parse(header).browser, name, "{header}");
    }
}

/// The patterns that `bots.txt` removes from isbot are in isbot. A line that changes nothing would be useless.
#[test]
fn what_the_list_takes_from_isbot_is_there() {
    for line in include_str!("../src/map/bots.txt").lines() {
        if let Some(pattern) = line.strip_prefix("without ") {
            let mut bots = isbot::Bots::default();
            let text = pattern.replace("http[s]?://", "https://");
            assert!(bots.is_bot(&text), "{pattern}");
            bots.remove(&[pattern]);
            assert!(!bots.is_bot(&text), "{pattern}");
        }
    }
}

#[test]
fn values_as_text() {
    assert_eq!(text(&any(Value::DoubleValue(0.5))), "0.5");
    assert_eq!(text(&any(Value::BoolValue(true))), "true");
    assert_eq!(text(&any(Value::BytesValue(vec![0, 255]))), "AP8=");
    let values = vec![
        any(Value::IntValue(-1)),
        AnyValue::default(),
        any(string("ä\"")),
        any(Value::DoubleValue(f64::NAN)),
    ];
    let list = Value::ArrayValue(ArrayValue { values });
    assert_eq!(text(&any(list.clone())), r#"[-1,null,"ä\"",null]"#);
    let map = KeyValueList {
        values: vec![attribute("k", list)],
    };
    assert_eq!(
        text(&any(Value::KvlistValue(map))),
        r#"{"k":[-1,null,"ä\"",null]}"#
    );
}
