//! The rules that turn attributes into promoted columns, one by one.
#![cfg(feature = "arrow")]

use std::net::{IpAddr, Ipv4Addr};

use lakefront_otel::map::{LogRow, Mapper, Promoted, Pseudonym, RequestContext, SpanRow, UserAgent, text};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

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

/// The address and key of [`context`].
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

/// Looks at the row of a record of the service `shop`.
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

/// Looks at the promoted columns of an event from a browser.
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
    // The type of a failed request is no exception.
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
    // Frozen: groups are stored, so they must not change within a version of the rules.
    assert_eq!(group("TypeError", "order 1 failed", ""), "v1:30312278f33260d5");
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
    // Elsewhere `url.full` is what was loaded, not where.
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
        assert_eq!((row.duration, row.promoted.duration_ms), (0, Some(0.0)));
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
    // What a server reports of its client's address is not hashed: there is no key for it.
    let passed_on = [
        ("user_agent.original", CHROME),
        ("client.address", "203.0.113.7"),
        session,
    ];
    assert_eq!(visitor(&passed_on, &from_server), "s");
    assert_eq!(visitor(&passed_on[..2], &from_server), "");
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
    // Cut in the middle of a character.
    agent(&"ä".repeat(1_000));
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
