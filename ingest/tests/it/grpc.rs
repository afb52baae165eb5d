//! OTLP/gRPC: what the specification of OTLP says of it, by tonic's clients, and what no client of tonic does, by h2.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use bytes::{Bytes, BytesMut};
use h2::{SendStream, client::SendRequest};
use http::{HeaderMap, Request};
use opentelemetry_proto::tonic::collector::{
    logs::v1::{
        ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
        logs_service_client::LogsServiceClient,
    },
    metrics::v1::metrics_service_client::MetricsServiceClient,
    trace::v1::trace_service_client::TraceServiceClient,
};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tonic::{Code, codec::CompressionEncoding, metadata::MetadataValue, transport::Channel};

use crate::{
    running::{Running, gzip},
    support::{Server, health, logs, metrics, now_nanos, records, rows, spans},
};

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// Returns a client of the service for logs.
async fn client(url: &str) -> LogsServiceClient<Channel> {
    let client = LogsServiceClient::connect(url.to_owned()).await;
    client.expect("connected").max_encoding_message_size(1 << 30)
}

fn log(id: &str) -> ExportLogsServiceRequest {
    logs(&[id.to_owned()], now_nanos())
}

/// Returns the body of a gRPC request with one message.
fn framed(compressed: u8, message: &[u8]) -> Vec<u8> {
    let mut body = vec![compressed];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend(message);
    body
}

/// Connects without a client of gRPC.
async fn connect(url: &str) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(url.strip_prefix("http://").expect("a URL")).await;
    let (sender, connection) = h2::client::handshake(stream.expect("connected"))
        .await
        .expect("a connection");
    tokio::spawn(connection);
    sender.ready().await.expect("ready")
}

/// An answer to a request of h2.
#[derive(Debug)]
struct Answer {
    http: u16,
    headers: HeaderMap,
    /// The trailers, or the headers of an answer without a body.
    status: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Returns `grpc-status` and `grpc-message`.
    fn grpc(&self) -> (i32, &str) {
        let text = |name| {
            self.status
                .get(name)
                .map_or("", |value| value.to_str().expect("text"))
        };
        (text("grpc-status").parse().unwrap_or(-1), text("grpc-message"))
    }
}

/// Sends the head of a request.
fn begin(
    sender: &mut SendRequest<Bytes>,
    path: &str,
    headers: &[(&str, &str)],
) -> (h2::client::ResponseFuture, SendStream<Bytes>) {
    let mut request = Request::post(format!("http://127.0.0.1{path}")).header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request");
    sender.send_request(request, false).expect("sent")
}

async fn answer(response: h2::client::ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut body) = response.await?.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.data().await {
        bytes.extend(chunk?);
    }
    let trailers = body.trailers().await?;
    Ok(Answer {
        http: head.status.as_u16(),
        status: trailers.unwrap_or_else(|| head.headers.clone()),
        headers: head.headers,
        body: bytes.freeze(),
    })
}

/// Sends a request by h2 over a connection of its own.
async fn call(url: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut sender = connect(url).await;
    let (response, mut stream) = begin(&mut sender, path, headers);
    stream.send_data(body.into(), true).expect("sent");
    answer(response).await.expect("an answer")
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

#[tokio::test]
async fn every_signal_and_compression_is_taken_at_both_addresses() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &[]);
    for (address, url) in [("grpc", &server.grpc_url), ("http", &server.url)] {
        for compression in [
            None,
            Some(CompressionEncoding::Gzip),
            Some(CompressionEncoding::Zstd),
        ] {
            let ids = [format!("{address} {compression:?}")];
            let channel = Channel::from_shared(url.clone()).expect("a URL");
            let channel = channel.connect().await.expect("connected");
            /// The clients of the three signals have the same methods.
            macro_rules! send {
                ($client:ident, $request:expr) => {
                    let mut client = $client::new(channel.clone());
                    if let Some(compression) = compression {
                        client = client.send_compressed(compression);
                    }
                    let answer = client.export($request).await.expect("taken").into_inner();
                    assert_eq!(answer.partial_success, None);
                };
            }
            send!(LogsServiceClient, logs(&ids, now_nanos()));
            send!(TraceServiceClient, spans(&ids, now_nanos()));
            send!(MetricsServiceClient, metrics(&ids, now_nanos()));
        }
    }
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    assert!(
        metrics.contains("lakefront_ingest_requests_total{signal=\"traces\",status=\"200\"} 6"),
        "{metrics}"
    );
    assert!(server.terminate().success());
    for (table, column) in [
        ("otel_logs", "Body"),
        ("otel_traces", "SpanName"),
        ("otel_metrics_gauge", "MetricName"),
        ("otel_metrics_sum", "MetricName"),
    ] {
        let mut texts: Vec<_> = rows(data.path(), table, column).await;
        texts.sort();
        texts.dedup_by_key(|row| row.text.clone());
        assert_eq!(texts.len(), 6, "{table}: {texts:?}");
    }
}

#[tokio::test]
async fn a_partial_success_is_no_error() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let good = log("good");
    let mut bad = good.resource_logs[0].scope_logs[0].log_records[0].clone();
    let record = bad.clone();
    bad.time_unix_nano = 1;
    let answer = client(&server.grpc_url)
        .await
        .export(records(vec![record, bad]))
        .await;
    let partial = answer.expect("taken").into_inner().partial_success;
    let ExportLogsPartialSuccess {
        rejected_log_records,
        error_message,
    } = partial.expect("a partial success");
    assert_eq!(rejected_log_records, 1);
    assert!(error_message.contains("1 with a time"), "{error_message}");
    assert_eq!(health(&server.url).await["last_loss"]["rejected_records"], 1);
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 1);
}

/// Sends a request that must be refused for good. Returns the message.
async fn refused(
    client: &mut LogsServiceClient<Channel>,
    what: ExportLogsServiceRequest,
    code: Code,
) -> String {
    let error = client.export(what).await.expect_err("refused");
    assert_eq!(error.code(), code, "{error:?}");
    assert!(
        !error.metadata().contains_key("grpc-status-details-bin"),
        "no retry"
    );
    error.message().to_owned()
}

#[tokio::test]
async fn refusals_are_statuses_of_grpc() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--max-body", "4KiB", "--max-in-flight", "64KiB"]).await;
    let url = &server.grpc_url;
    let mut plain = client(url).await;
    let large = || log(&"x".repeat(8 << 10));
    let message = refused(&mut plain, large(), Code::InvalidArgument).await;
    assert!(message.contains("--max-body"), "{message}");
    for compression in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = client(url).await.send_compressed(compression);
        let message = refused(&mut client, large(), Code::InvalidArgument).await;
        assert!(message.contains("--max-body"), "{message}");
    }

    let good = log("good").encode_to_vec();
    let gzipped = gzip(&good);
    let (gzip, brotli) = (("grpc-encoding", "gzip"), ("grpc-encoding", "br"));
    let two = [framed(0, &good), framed(0, &good)].concat();
    let part = framed(0, &good)[..20].to_vec();
    let announced = [&[0, 0xff, 0xff, 0xff, 0xff][..], &good].concat();
    // (what, headers, body, google.rpc.Code, part of the message)
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Vec<u8>, i32, &'a str);
    let cases: [Case; 12] = [
        (
            "garbage",
            &[GRPC],
            framed(0, b"\xff\xff\xff"),
            3,
            "not an OTLP protobuf message",
        ),
        ("no gzip", &[GRPC, gzip], framed(1, b"plain"), 3, "decompress"),
        (
            "half a gzip",
            &[GRPC, gzip],
            framed(1, &gzipped[..20]),
            3,
            "decompress",
        ),
        (
            "no encoding",
            &[GRPC],
            framed(1, &gzipped),
            3,
            "grpc-encoding is missing",
        ),
        (
            "an encoding",
            &[GRPC, brotli],
            framed(1, &good),
            12,
            "grpc-encoding \"br\"",
        ),
        ("a flag", &[GRPC], framed(7, &good), 3, "neither 0 nor 1"),
        ("two messages", &[GRPC], two, 3, "goes on after"),
        ("part of one", &[GRPC], part, 3, "ends before the message does"),
        ("nothing", &[GRPC], vec![], 3, "before the message begins"),
        ("4 GiB", &[GRPC], announced, 3, "--max-body"),
        (
            "a JSON service",
            &[("content-type", "application/grpc+json")],
            framed(0, b"{}"),
            -1,
            "",
        ),
        (
            "the web's",
            &[("content-type", "application/grpc-web")],
            framed(0, &good),
            -1,
            "",
        ),
    ];
    for (what, headers, body, code, message) in cases {
        let answer = call(url, LOGS, headers, body).await;
        let http = if code < 0 { 415 } else { 200 };
        assert_eq!((answer.http, answer.grpc().0), (http, code), "{what}: {answer:?}");
        assert!(answer.grpc().1.contains(message), "{what}: {answer:?}");
        if what == "an encoding" {
            assert_eq!(answer.headers["grpc-accept-encoding"], "identity,gzip,zstd");
            let refusal = &health(&server.url).await["last_refusal"];
            assert_eq!(
                (&refusal["path"], &refusal["reason"]),
                (&LOGS.into(), &"encoding".into())
            );
        }
    }
    let service = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    assert_eq!(call(url, service, &[GRPC], framed(0, b"")).await.grpc().0, 12);
    let message = [
        "received_bytes",
        "rejected_requests_total{signal=\"logs\",reason=\"framing\"} 5",
    ];
    let metrics = server.get("/metrics").await;
    assert!(message.iter().all(|part| metrics.contains(part)), "{metrics}");

    // An uncompressed message under a header that names a compression, as SDKs send small ones.
    let answer = call(url, LOGS, &[GRPC, gzip], framed(0, &good)).await;
    assert_eq!((answer.http, answer.grpc()), (200, (0, "")), "{answer:?}");
    assert_eq!(answer.body, framed(0, b""));
    let answer = call(url, LOGS, &[GRPC], framed(0, b"")).await;
    assert_eq!(answer.grpc().0, 0, "a request without records");
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 1);
}

#[tokio::test]
async fn metadata_is_read_like_headers() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--keys", "secret"]).await;
    let mut client = client(&server.grpc_url).await;
    let mut send = async |key: &'static str, id: &'static str, body: &str| {
        let mut request = tonic::Request::new(logs(
            &[body.to_owned()],
            1_000_000_000 * (now_nanos() / 1_000_000_000),
        ));
        let metadata = request.metadata_mut();
        if !key.is_empty() {
            metadata.insert("authorization", MetadataValue::from_static(key));
        }
        metadata.insert("idempotency-key", MetadataValue::from_static(id));
        client
            .export(request)
            .await
            .map_or_else(|error| error.code(), |_| Code::Ok)
    };
    assert_eq!(send("", "a", "a").await, Code::Unauthenticated);
    assert_eq!(send("Bearer wrong", "a", "a").await, Code::Unauthenticated);
    assert_eq!(send("Bearer secret", "a", "a").await, Code::Ok);
    assert_eq!(
        send("Bearer secret", "a", "another").await,
        Code::InvalidArgument,
        "another body"
    );
    assert_eq!(send("Bearer secret", "b", "b").await, Code::Ok);
    // A page of another origin and a foreign name are refused for health, as by HTTP, and answered with a key.
    let check = "/grpc.health.v1.Health/Check";
    let evil = ("origin", "http://evil.example");
    assert_eq!(
        call(&server.url, check, &[GRPC, evil], framed(0, b""))
            .await
            .grpc()
            .0,
        7
    );
    let key = ("authorization", "Bearer secret");
    for headers in [&[GRPC][..], &[GRPC, evil, key]] {
        let answer = call(&server.grpc_url, check, headers, framed(0, b"")).await;
        assert_eq!(
            (answer.grpc().0, &answer.body[..]),
            (0, &framed(0, &[8, 1])[..]),
            "{answer:?}"
        );
    }
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 2);
}

/// `google.rpc.RetryInfo`, as far as it is used.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// `google.rpc.Status`
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Returns the seconds after which a refused request may be sent again: by both headers that SDKs read.
fn retry_after(answer: &Answer) -> i64 {
    let decoded = |name| {
        BASE64_STANDARD_NO_PAD
            .decode(&answer.status[name])
            .expect("base64")
    };
    let status = RpcStatus::decode(&decoded("grpc-status-details-bin")[..]).expect("a status");
    assert_eq!(status.code, answer.grpc().0);
    assert_eq!(
        status.details[0].type_url,
        "type.googleapis.com/google.rpc.RetryInfo"
    );
    let info = decoded("google.rpc.retryinfo-bin");
    assert_eq!(info, status.details[0].value);
    RetryInfo::decode(&info[..])
        .expect("RetryInfo")
        .delay
        .expect("a delay")
        .seconds
}

#[tokio::test]
async fn throttled_senders_are_told_when_to_try_again() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = ["--max-body", "64KiB", "--max-in-flight", "64KiB"];
    let server = Running::start(data.path(), &flags).await;
    let mut sender = connect(&server.grpc_url).await;
    let (slow, mut stream) = begin(&mut sender, LOGS, &[GRPC]);
    // The message is no OTLP. All of it arrives except the last byte, and takes almost all of the memory.
    let mut garbage = framed(0, &vec![0xff; (64 << 10) - 10]);
    let last = garbage.pop().expect("a byte");
    stream.send_data(garbage.into(), false).expect("sent");
    let refused = loop {
        let answer = call(
            &server.grpc_url,
            LOGS,
            &[GRPC],
            framed(0, &log("log").encode_to_vec()),
        )
        .await;
        if answer.grpc().0 != 0 {
            break answer;
        }
    };
    assert_eq!((refused.grpc().0, retry_after(&refused)), (8, 1), "{refused:?}");
    stream.send_data(vec![last].into(), true).expect("sent");
    assert_eq!(answer(slow).await.expect("an answer").grpc().0, 3);
    server.stop().await;

    let flags = [
        "--ack",
        "snapshot",
        "--ack-timeout",
        "50ms",
        "--commit-interval",
        "1h",
    ];
    let server = Running::start(data.path(), &flags).await;
    let kept = call(
        &server.grpc_url,
        LOGS,
        &[GRPC],
        framed(0, &log("kept").encode_to_vec()),
    )
    .await;
    assert_eq!((kept.grpc().0, retry_after(&kept)), (14, 5), "{kept:?}");
    server.stop().await;
    let rows = rows(data.path(), "otel_logs", "Body").await;
    assert!(rows.iter().any(|row| row.text == "kept"), "{rows:?}");
}

#[tokio::test]
async fn streams_that_are_reset_leave_nothing_behind() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--max-body",
        "64KiB",
        "--max-in-flight",
        "64KiB",
        "--max-connections-per-sender",
        "4",
    ];
    let server = Running::start(data.path(), &flags).await;
    let body = Bytes::from(framed(0, &vec![0xff; 60 << 10])[..50 << 10].to_vec());
    for number in 0..40 {
        let mut sender = connect(&server.grpc_url).await;
        let (response, mut stream) = begin(&mut sender, LOGS, &[GRPC]);
        stream.send_data(body.clone(), false).expect("sent");
        if number % 2 == 0 {
            stream.send_reset(h2::Reason::CANCEL);
        }
        // The connection ends with the last of its handles.
        drop((response, stream));
    }
    // Four connections are the most: those before have ended.
    let taken = async {
        loop {
            if let Ok(mut client) = LogsServiceClient::connect(server.grpc_url.clone()).await
                && client.export(log("good")).await.is_ok()
            {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), taken)
        .await
        .expect("memory and connections are free again");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_has_a_limit_of_streams_and_a_client_that_resets_many_is_cut_off() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let mut sender = connect(&server.grpc_url).await;
    let (first, mut stream) = begin(&mut sender, LOGS, &[GRPC]);
    stream.send_data(framed(0, b"").into(), true).expect("sent");
    answer(first).await.expect("an answer");
    assert_eq!(sender.current_max_send_streams(), 64);
    // HTTP/2 rapid reset: each stream is opened and reset at once.
    let cut = async {
        loop {
            let Ok(ready) = sender.clone().ready().await else {
                return;
            };
            sender = ready;
            let request = Request::post(format!("http://127.0.0.1{LOGS}"))
                .body(())
                .expect("a request");
            let Ok((_, mut stream)) = sender.send_request(request, false) else {
                return;
            };
            stream.send_reset(h2::Reason::CANCEL);
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), cut)
        .await
        .expect("the connection is closed");
    assert!(client(&server.grpc_url).await.export(log("good")).await.is_ok());
    server.stop().await;
}

#[tokio::test]
async fn connections_without_a_request_end() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--head-timeout", "200ms"]).await;
    let address = server.grpc_url.strip_prefix("http://").expect("a URL");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for sent in [0, 10, preface.len()] {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(&preface[..sent]).await.expect("sent");
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        // Closed, or reset because there were unread bytes.
        assert!(ended.is_ok(), "{sent} bytes of the preface");
    }
    // A client of gRPC that was idle connects again by itself.
    let mut idle = client(&server.grpc_url).await;
    idle.export(log("first")).await.expect("taken");
    let mut other = connect(&server.grpc_url).await;
    let closed = async {
        while let Ok(ready) = other.clone().ready().await {
            other = ready;
            sleep(Duration::from_millis(10)).await
        }
    };
    timeout(Duration::from_secs(20), closed)
        .await
        .expect("told to go away");
    idle.export(log("second")).await.expect("taken");
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 2);
}

#[tokio::test]
async fn a_stop_lets_running_requests_end() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = ["--ack", "snapshot", "--commit-interval", "1h"];
    let server = Running::start(data.path(), &flags).await;
    let mut sender = connect(&server.grpc_url).await;
    // After an answer the server has surely accepted the connection.
    let (first, mut stream) = begin(&mut sender, LOGS, &[GRPC]);
    stream.send_data(framed(0, b"").into(), true).expect("sent");
    answer(first).await.expect("an answer");
    let (response, mut stream) = begin(&mut sender, LOGS, &[GRPC]);
    let body = Bytes::from(framed(0, &log("in flight").encode_to_vec()));
    stream.send_data(body.slice(..40), false).expect("sent");
    let answered = async {
        // Once the server stops, the client may begin no other request.
        while let Ok(ready) = sender.clone().ready().await {
            sender = ready;
            sleep(Duration::from_millis(5)).await;
        }
        stream.send_data(body.slice(40..), true).expect("sent");
        answer(response).await.expect("an answer")
    };
    let (answer, ()) = tokio::join!(answered, server.stop());
    assert_eq!(answer.grpc().0, 0, "{answer:?}");
    let message = ExportLogsServiceResponse::decode(&answer.body[5..]).expect("an answer");
    assert_eq!(message.partial_success, None);
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 1);
}

#[tokio::test]
async fn the_second_address_can_be_turned_off() {
    let data = tempfile::tempdir().expect("a folder");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
        .args(["--listen", "127.0.0.1:0", "--grpc-listen", "off", "--data"])
        .arg(data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("its first line");
    let url = line
        .trim()
        .strip_prefix("listening on ")
        .expect("an address")
        .to_owned();
    let taken = client(&url).await.export(log("log")).await;
    child.kill().expect("kill");
    child.wait().expect("wait");
    assert!(taken.is_ok(), "the first address takes gRPC too");
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("the end");
    assert_eq!(line.lines().count(), 1, "{line}");
}
