//! Limits for a single sender, and the identity of senders.

use std::{net::SocketAddr, path::Path, time::Duration};

use futures::future::select_all;
use prost::Message;
use reqwest::Client;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    running::{JSON, PROTOBUF, Running},
    support::{logs, now_nanos, rows},
};

const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// Connects from a local address, and sends the head of a request and a part of its body.
async fn begin(server: &Running, from: [u8; 4], announced: usize, body: &[u8]) -> TcpStream {
    let address: SocketAddr = server
        .url
        .strip_prefix("http://")
        .expect("a URL")
        .parse()
        .expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((from, 0))).expect("a local address");
    let mut stream = socket.connect(address).await.expect("connected");
    let head = format!(
        "POST /v1/logs HTTP/1.1\r\nhost: {address}\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {announced}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(body).await.expect("sent");
    stream
}

/// Returns the status line of an answer, or an empty text if the connection was closed without one.
async fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    let reading = timeout(Duration::from_secs(20), stream.read_exact(&mut answer));
    match reading.await.expect("an answer, or the end") {
        Ok(_) => String::from_utf8_lossy(&answer).into_owned(),
        Err(_) => String::new(),
    }
}

async fn post(server: &Running, client: &Client, id: &str) -> u16 {
    let request = client
        .post(format!("{}/v1/logs", server.url))
        .header("content-type", PROTOBUF);
    let request = request.body(logs(&[id.to_owned()], now_nanos()).encode_to_vec());
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn connections_that_send_nothing_take_no_room() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--body-timeout", "900ms"]).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(begin(&server, [127, 0, 0, 1], 16 << 20, b"").await);
    }
    for number in 0..20 {
        assert_eq!(post(&server, &server.client, &number.to_string()).await, 200);
    }
    // The server ends connections that send nothing.
    for mut stream in idle {
        assert_eq!(status(&mut stream).await, "HTTP/1.1 408");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_sender_takes_its_share_and_no_more() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--max-body",
        "256KiB",
        "--max-in-flight",
        "1MiB",
        "--max-in-flight-per-sender",
        "512KiB",
    ];
    let server = Running::start(data.path(), &flags).await;
    let almost = vec![0xff; (256 << 10) - 1];
    // Four bodies without their last byte would take all of the room.
    let mut greedy = Vec::new();
    for _ in 0..4 {
        greedy.push(begin(&server, [127, 0, 0, 2], 256 << 10, &almost).await);
    }
    let answers = greedy.iter_mut().map(|stream| Box::pin(status(stream)));
    let (answer, _, others) = select_all(answers).await;
    assert_eq!(answer, "HTTP/1.1 429", "more than its share");
    assert_eq!(post(&server, &server.client, "another sender").await, 200);
    drop(others);
    server.stop().await;
}

#[tokio::test]
async fn connections_have_a_limit_and_a_time_to_begin_a_request() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = ["--max-connections-per-sender", "2", "--head-timeout", "300ms"];
    let server = Running::start(data.path(), &flags).await;
    let one = [127, 0, 0, 2];
    let mut first = begin(&server, one, 10, b"").await;
    let _second = begin(&server, one, 10, b"").await;
    let mut third = begin(&server, one, 10, b"").await;
    assert_eq!(status(&mut third).await, "", "closed");
    assert_eq!(post(&server, &server.client, "another sender").await, 200);
    first.write_all(&[0xff; 10]).await.expect("sent");
    assert_eq!(status(&mut first).await, "HTTP/1.1 400");

    let address = server.url.strip_prefix("http://").expect("a URL");
    let mut slow = TcpStream::connect(address).await.expect("connected");
    slow.write_all(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\n")
        .await
        .expect("sent");
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await;
    ended.expect("closed").expect("closed");
    assert!(
        rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    server.stop().await;
}

/// Sends a log record as a browser behind proxies does.
async fn browse(server: &Running, forwarded: &str, id: &str) {
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"timeUnixNano": now_nanos().to_string(), "eventName": id}
    ]}]}]});
    let request = server.post("/v1/logs", JSON).header("user-agent", CHROME);
    let request = request
        .header("x-forwarded-for", forwarded)
        .body(body.to_string());
    assert_eq!(request.send().await.expect("an answer").status(), 200);
}

async fn visitors(data: &Path, table: &str) -> Vec<String> {
    let mut rows = rows(data, table, "VisitorId").await;
    rows.sort_by_key(|row| row.row_id);
    rows.into_iter().map(|row| row.text).collect()
}

#[tokio::test]
async fn a_visitor_cannot_make_itself_many() {
    for (flags, expected) in [
        (&[][..], [0, 0, 0]),
        (&["--trust-proxy"][..], [0, 0, 1]),
        (&["--trust-proxy=2"][..], [0, 1, 0]),
    ] {
        let data = tempfile::tempdir().expect("a folder");
        let server = Running::start(data.path(), flags).await;
        // The visitor can write the first entry. Two proxies added the others.
        browse(&server, "198.51.100.1, 203.0.113.7, 192.0.2.1", "a").await;
        browse(&server, "198.51.100.2, 203.0.113.8, 192.0.2.1", "b").await;
        browse(&server, "198.51.100.3, 203.0.113.7, 192.0.2.2", "c").await;
        server.stop().await;
        let visitors = visitors(data.path(), "otel_logs").await;
        let first_seen = |visitor: &String| visitors.iter().position(|other| other == visitor);
        let [_, b, c] = [&visitors[0], &visitors[1], &visitors[2]]
            .map(|visitor| usize::from(first_seen(visitor) != Some(0)));
        assert_eq!([0, b, c], expected, "{flags:?}: {visitors:?}");
        assert_eq!(visitors[0].len(), 16);
    }
}

/// A hash of an address without a key does not hide the address: trying all addresses finds it.
#[tokio::test]
async fn addresses_that_servers_report_of_their_clients_are_not_hashed() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let now = now_nanos().to_string();
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = |id: &str, session: Option<&str>| {
        let mut attributes = vec![
            text("client.address", "203.0.113.7"),
            text("user_agent.original", CHROME),
            text("http.request.method", "GET"),
        ];
        attributes.extend(session.map(|session| text("session.id", session)));
        json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "kind": 2, "name": "GET /",
               "startTimeUnixNano": now, "endTimeUnixNano": now, "attributes": attributes})
    };
    let spans = [
        span("eee19b7ec3c1b174", Some("session-1")),
        span("eee19b7ec3c1b175", None),
    ];
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
    let response = server
        .post("/v1/traces", JSON)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    server.stop().await;
    assert_eq!(visitors(data.path(), "otel_traces").await, ["session-1", ""]);
}
