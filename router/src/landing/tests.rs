//! Requests become chunks by the rules of ingest, and answers say what streams took.

use std::time::Duration;

use lakefront_otlp::{BearerKeys, KeyBudgets, KeyOrigins};
use serde_json::{Value, json};

use super::delivery::Size;
use super::*;

const ARRIVAL: i64 = 1_790_000_000_000_000;

fn landing() -> Landing {
    Landing {
        streams: std::collections::BTreeMap::new(),
        token: None,
        keys: BearerKeys::default(),
        key_origins: KeyOrigins::default(),
        key_budgets: KeyBudgets::default(),
        usage_interval: Duration::ZERO,
        visitor_secret: None,
    }
}

fn head<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Head<'a> {
    Head {
        signal: Signal::Logs,
        method: &Method::POST,
        uri,
        headers,
        sender: Some([203, 0, 113, 7].into()),
        arrival: ARRIVAL,
        is_own: false,
    }
}

fn json_headers(more: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in more {
        headers.insert(*name, value.parse().expect("a value"));
    }
    headers
}

/// Returns a body with a log at each time, in nanoseconds.
fn logs(times: &[&str]) -> Vec<u8> {
    let records: Vec<Value> = times
        .iter()
        .map(|time| json!({"timeUnixNano": time, "body": {"stringValue": "x"}}))
        .collect();
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    body.to_string().into_bytes()
}

const TIME: &str = "1790000000000000000";

fn rows(headers: &HeaderMap, body: &[u8], nonce: u8) -> Rows {
    let uri = Uri::from_static("/v1/logs");
    let rows = head(headers, &uri).rows(&landing(), Format::Json, body, [nonce; 16]);
    rows.expect("rows")
}

fn ids(rows: &Rows) -> Vec<String> {
    rows.chunks()
        .map(|(_, chunk)| chunk.expect("a chunk").id)
        .collect()
}

#[test]
fn a_request_becomes_chunks_without_the_rejected_records() {
    let rows = rows(&json_headers(&[]), &logs(&[TIME, "1", TIME]), 0);
    assert_eq!(rows.partial.rejected, 1);
    let chunks: Vec<(&str, Chunk)> = rows
        .chunks()
        .map(|(of, chunk)| (of, chunk.expect("a chunk")))
        .collect();
    assert_eq!((chunks.len(), chunks[0].0, chunks[0].1.rows), (1, LOGS, 2));
    let events: Vec<Value> = serde_json::from_str(&chunks[0].1.body).expect("events");
    assert_eq!(events[0]["timestamp"], ARRIVAL);
    assert_eq!(events[0]["body"], "x");
    assert_eq!(events[0].get("row_id"), None);
}

#[test]
fn a_repeated_request_makes_the_same_chunks() {
    let (plain, named) = (json_headers(&[]), json_headers(&[("idempotency-key", "a")]));
    let body = logs(&[TIME]);
    assert_eq!(ids(&rows(&plain, &body, 1)), ids(&rows(&plain, &body, 2)));
    assert_ne!(
        ids(&rows(&plain, &body, 1)),
        ids(&rows(&plain, &logs(&[TIME, TIME]), 1))
    );
    // Without times, two equal requests may be two different ones, unless they have an id.
    let untimed = logs(&["0"]);
    assert_ne!(ids(&rows(&plain, &untimed, 1)), ids(&rows(&plain, &untimed, 2)));
    assert_eq!(ids(&rows(&named, &untimed, 1)), ids(&rows(&named, &untimed, 2)));
}

#[test]
fn what_may_not_be_taken_is_refused_before_its_body_is_read() {
    let uri = Uri::from_static("/v1/logs");
    let keyed = Landing {
        keys: "key-of-shop".parse().expect("keys"),
        ..landing()
    };
    let status = |headers: &HeaderMap| match head(headers, &uri).check(&keyed) {
        Ok(_) => 200,
        Err(refusal) => refusal.response(Format::Json).status().as_u16(),
    };
    let key = ("authorization", "Bearer key-of-shop");
    assert_eq!(status(&json_headers(&[key])), 200);
    assert_eq!(status(&json_headers(&[key, ("content-encoding", "gzip")])), 200);
    assert_eq!(status(&json_headers(&[])), 401);
    assert_eq!(status(&json_headers(&[("authorization", "Bearer other")])), 401);
    assert_eq!(status(&json_headers(&[key, ("content-encoding", "zstd")])), 415);
    assert_eq!(status(&json_headers(&[key, ("content-type", "text/plain")])), 415);
    assert_eq!(status(&json_headers(&[key, ("idempotency-key", "a b")])), 400);

    let of_pages = Landing {
        keys: "shop=key-of-shop".parse().expect("keys"),
        key_origins: "shop=https://shop.example".parse().expect("origins"),
        ..landing()
    };
    let status = |headers: &HeaderMap| match head(headers, &uri).check(&of_pages) {
        Ok(_) => 200,
        Err(refusal) => refusal.response(Format::Json).status().as_u16(),
    };
    assert_eq!(
        status(&json_headers(&[key, ("origin", "https://shop.example")])),
        200
    );
    assert_eq!(
        status(&json_headers(&[key, ("origin", "https://other.example")])),
        403
    );
    assert_eq!(status(&json_headers(&[key])), 403);
}

#[test]
fn a_body_that_is_no_otlp_or_has_own_events_is_refused() {
    let uri = Uri::from_static("/v1/logs");
    let headers = json_headers(&[]);
    let status = |body: &[u8]| match head(&headers, &uri).rows(&landing(), Format::Json, body, [0; 16]) {
        Ok(_) => 200,
        Err(refusal) => refusal.response(Format::Protobuf).status().as_u16(),
    };
    assert_eq!(status(b"{}"), 200);
    assert_eq!(status(b"no"), 400);
    for name in OWN_EVENTS {
        let event =
            json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"eventName": name}]}]}]}).to_string();
        assert_eq!(status(event.as_bytes()), 403);
        let own = Head {
            is_own: true,
            ..head(&headers, &uri)
        };
        let rows = own.rows(&landing(), Format::Json, event.as_bytes(), [0; 16]);
        assert!(rows.expect("its own").usage.take("worker", 0).is_empty());
    }
    // Small on the wire, large in memory.
    assert_eq!(
        status(format!("{{\"resourceLogs\":[{}{{}}]}}", "{},".repeat(1 << 20)).as_bytes()),
        413
    );
}

#[test]
fn visitors_have_an_id_only_by_a_secret() {
    let uri = Uri::from_static("/v1/logs");
    let browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
    let headers = json_headers(&[("user-agent", browser), ("cf-ipcountry", "NL")]);
    let event = |landing: &Landing| {
        let rows = head(&headers, &uri).rows(landing, Format::Json, &logs(&[TIME]), [0; 16]);
        let rows = rows.expect("rows");
        let (_, chunk) = rows.chunks().next().expect("a chunk");
        let events: Vec<Value> = serde_json::from_str(&chunk.expect("a chunk").body).expect("events");
        events[0].clone()
    };
    let open = event(&landing());
    assert_eq!((open.get("visitor_id"), &open["country"]), (None, &json!("NL")));
    let secret = Landing {
        visitor_secret: Some("a secret of 16 characters or more".parse().expect("a secret")),
        ..landing()
    };
    assert_eq!(event(&secret)["visitor_id"].as_str().map(str::len), Some(16));
}

#[test]
fn a_streams_answer_says_what_it_took() {
    let of = |status, body: &str| {
        Delivery::of(
            StatusCode::from_u16(status).expect("a status"),
            body.as_bytes(),
            3,
        )
    };
    let committed = |rows: u32| json!({"success": true, "result": {"committed": rows}}).to_string();
    assert_eq!(of(200, &committed(3)), Delivery::Taken);
    assert_eq!(of(200, ""), Delivery::Taken);
    assert!(matches!(of(200, &committed(2)), Delivery::Later(_)));
    for status in [400, 413] {
        assert!(matches!(of(status, ""), Delivery::Refused(_)), "{status}");
    }
    // Also what only the operator can change: the sender keeps its rows until then.
    for status in [401, 403, 404, 408, 429, 500, 503] {
        assert!(matches!(of(status, ""), Delivery::Later(_)), "{status}");
    }
    let Delivery::Later(message) = of(503, &"x".repeat(10_000)) else {
        panic!("not later")
    };
    assert!(message.len() < 300);
}

#[test]
fn waits_grow_and_end_before_the_deadline() {
    let long = Duration::from_secs(60);
    let waits: Vec<u128> = (0..6)
        .filter_map(|attempt| next_wait(attempt, long, 1.0))
        .map(|wait| wait.as_millis())
        .collect();
    assert_eq!(waits, [200, 400, 800, 1600, 2000, 2000]);
    assert_eq!(next_wait(u32::MAX, long, 0.0), Some(Duration::from_secs(1)));
    assert_eq!(next_wait(0, Duration::from_millis(200), 0.0), None);
    assert_eq!(next_wait(3, Duration::from_secs(1), 1.0), None);
}

#[test]
fn the_sender_learns_what_was_taken() {
    let answer = |deliveries: &[(u32, Delivery)], partial: PartialSuccess| {
        let mut outcome = Outcome::default();
        for (rows, delivery) in deliveries {
            let size = Size {
                rows: *rows,
                bytes: 10 * u64::from(*rows),
            };
            outcome.add(size, delivery.clone());
        }
        let answer = outcome.answer(Signal::Logs, Format::Json, partial);
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        (
            answer.status().as_u16(),
            answer.headers().contains_key(RETRY_AFTER),
            body,
        )
    };
    let refused = || Delivery::Refused("too large".to_owned());
    let later = || Delivery::Later("busy".to_owned());
    let none = PartialSuccess::default;
    assert_eq!(answer(&[(5, Delivery::Taken)], none()), (200, false, json!({})));
    assert_eq!(answer(&[], none()), (200, false, json!({})));
    let (status, retry, body) = answer(&[(5, Delivery::Taken), (2, refused())], none());
    assert_eq!((status, retry), (200, false));
    assert_eq!(body["partialSuccess"]["rejectedLogRecords"], "2");
    let rejected = PartialSuccess {
        rejected: 1,
        reason: "1 with a wrong time".to_owned(),
    };
    let (_, _, body) = answer(&[(2, refused())], rejected);
    assert_eq!(body["partialSuccess"]["rejectedLogRecords"], "3");
    for taken in [&[(5, Delivery::Taken)][..], &[]] {
        let all: Vec<_> = taken.iter().cloned().chain([(2, later())]).collect();
        let (status, retry, body) = answer(&all, none());
        assert_eq!((status, retry, &body["code"]), (503, true, &json!(14)));
    }
}

#[test]
fn a_page_of_any_origin_may_send_and_read_the_answer() {
    assert!(cross_origin(&HeaderMap::new()).is_empty());
    let headers = json_headers(&[
        ("origin", "https://shop.example"),
        ("access-control-request-headers", "content-type,sent"),
    ]);
    let answered: HeaderMap = cross_origin(&headers).into_iter().collect();
    assert_eq!(answered["access-control-allow-origin"], "https://shop.example");
    assert_eq!(answered["access-control-allow-headers"], "content-type,sent");
}
