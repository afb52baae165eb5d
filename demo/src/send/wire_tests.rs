use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use opentelemetry_http::{Bytes, HttpClient as _};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Status, Wire};
use crate::send::tally::{Signal, Tally};

/// Starts an endpoint that gives these answers, one per connection. Returns its address and a task that ends with the
/// number of given answers.
async fn endpoint(answers: Vec<Vec<u8>>) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1/logs", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let count = answers.len();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"payload") {
                stream.read_buf(&mut request).await.unwrap();
            }
            stream.write_all(&answer).await.unwrap();
        }
        count
    });
    (address, served)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn request(address: &str) -> Request<Bytes> {
    Request::post(address)
        .body(Bytes::from_static(b"payload"))
        .unwrap()
}

fn wire(patience: u64) -> (Wire, Arc<Tally>) {
    let tally = Arc::new(Tally::default());
    (
        Wire::new(Duration::from_secs(patience), Arc::clone(&tally)).unwrap(),
        tally,
    )
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_again_when_it_says() {
    let busy = answer("503 Service Unavailable", "retry-after: 1\r\n", b"");
    let (address, served) = endpoint(vec![busy, answer("200 OK", "", b"")]).await;
    let (wire, tally) = wire(30);
    let started = Instant::now();
    let reply = wire.send_bytes(request(&address)).await.unwrap();
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "Retry-After was not honoured"
    );
    assert!(reply.status().is_success());
    assert_eq!(served.await.unwrap(), 2);
    assert_eq!(tally.failure(), None);
}

#[tokio::test]
async fn what_is_refused_is_counted_and_explained() {
    let partial = ExportLogsServiceResponse {
        partial_success: Some(ExportLogsPartialSuccess {
            rejected_log_records: 3,
            error_message: "body too deep".into(),
        }),
    };
    let (address, _) = endpoint(vec![answer("200 OK", "", &partial.encode_to_vec())]).await;
    let (wire, tally) = wire(1);
    tally.accept(Signal::Logs, 10);
    wire.send_bytes(request(&address)).await.unwrap();
    assert_eq!((tally.accepted(Signal::Logs), tally.rejected()), (7, 3));
    assert_eq!(
        tally.failure().as_deref(),
        Some("the endpoint refused 3 items: body too deep")
    );
}

#[tokio::test]
async fn a_bad_request_is_not_sent_again() {
    let status = Status {
        code: 3,
        message: "not OTLP".into(),
    };
    let (address, served) = endpoint(vec![answer("400 Bad Request", "", &status.encode_to_vec())]).await;
    let (wire, tally) = wire(30);
    wire.send_bytes(request(&address)).await.unwrap();
    assert_eq!(served.await.unwrap(), 1);
    assert_eq!(
        tally.failure(),
        Some(format!("{address} answered 400 Bad Request: not OTLP"))
    );
}

#[tokio::test]
async fn an_absent_endpoint_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1/logs", listener.local_addr().unwrap());
    drop(listener);
    let (wire, tally) = wire(0);
    wire.send_bytes(request(&address)).await.unwrap_err();
    let failure = tally.failure().unwrap();
    assert!(
        failure.contains(&address) && failure.contains("refused"),
        "{failure}"
    );
}
