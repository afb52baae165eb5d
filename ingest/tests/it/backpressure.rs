//! Overload, and a lake that cannot be written: memory and log are bounded, refusals say so, and no acknowledged record
//! is lost.

use std::{collections::BTreeSet, fs};

use crate::support::{Server, health_until, logs, now_nanos, post_logs, rows};
use prost::Message;
use reqwest::Client;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn while_the_lake_cannot_be_written_the_log_takes_what_it_may_and_then_refuses() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--commit-interval",
        "50ms",
        "--max-body",
        "64KiB",
        "--max-in-flight",
        "1MiB",
        "--wal-limit",
        "1MiB",
    ];
    let server = Server::start(data.path(), &flags);
    assert_eq!(post_logs(&server.url, &["first".to_owned()]).await.status(), 200);
    let health = health_until(&server.url, |health| {
        health["last_commit"]["otel_logs"]["rows"] == 1
    })
    .await;
    assert!(
        health["records_per_second"].as_f64().expect("a rate") > 0.0,
        "{health}"
    );

    // A file in place of the folder of data files makes every write fail, even as root.
    let folder = data.path().join("lake/otel/otel_logs/data");
    let aside = data.path().join("aside");
    fs::rename(&folder, &aside).expect("moved");
    fs::write(&folder, "").expect("a file in its place");
    let mut acknowledged = BTreeSet::from(["first".to_owned()]);
    let refused = loop {
        let ids: Vec<String> = (0..200)
            .map(|record| format!("{}-{record}", acknowledged.len()))
            .collect();
        let response = post_logs(&server.url, &ids).await;
        if response.status() != 200 {
            break response;
        }
        acknowledged.extend(ids);
        assert!(acknowledged.len() < 100_000, "the log took everything");
    };
    assert!(
        acknowledged.len() > 2_000,
        "only {} records fitted into the log",
        acknowledged.len()
    );
    assert_eq!(refused.status(), 503);
    let seconds = refused.headers()["retry-after"].to_str().expect("text");
    assert!(seconds.parse::<u32>().expect("seconds") > 0);
    let health = health_until(&server.url, |health| !health["last_error"].is_null()).await;
    assert_eq!(health["ready"], false);
    assert_eq!(health["last_error"]["table"], "otel_logs");
    assert!(
        health["wal"]["disk_bytes"].as_u64().expect("bytes") <= 1 << 20,
        "{health}"
    );

    fs::remove_file(&folder).expect("removed");
    fs::rename(&aside, &folder).expect("moved back");
    health_until(&server.url, |health| {
        health["ready"] == true && health["wal"]["backlog_records"] == 0
    })
    .await;
    assert_eq!(post_logs(&server.url, &["last".to_owned()]).await.status(), 200);
    acknowledged.insert("last".to_owned());
    assert!(server.terminate().success());
    let rows = rows(data.path(), "otel_logs", "Body").await;
    assert_eq!(rows.len(), acknowledged.len());
    assert_eq!(
        rows.into_iter().map(|row| row.text).collect::<BTreeSet<_>>(),
        acknowledged
    );
}

#[tokio::test]
async fn bodies_in_flight_are_bounded() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--max-body", "64KiB", "--max-in-flight", "64KiB"]);
    let all = 64 << 10;
    let address = server.url.strip_prefix("http://").expect("a URL");
    let mut slow = TcpStream::connect(address).await.expect("connected");
    let head = format!(
        "POST /v1/logs HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        all
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    // The body is no OTLP. All of it arrives except the last byte.
    slow.write_all(&vec![0xff; all - 1]).await.expect("sent");
    // The slow request holds the room as soon as its bytes are read.
    let refused = loop {
        let response = post_logs(&server.url, &["log".to_owned()]).await;
        if response.status() != 200 {
            break response;
        }
    };
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    slow.write_all(&[0xff]).await.expect("sent");
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 400");
    assert_eq!(post_logs(&server.url, &["log".to_owned()]).await.status(), 200);
}

#[tokio::test]
async fn memory_is_bounded_under_overload() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--max-in-flight",
        "16MiB",
        "--commit-bytes",
        "8MiB",
        "--commit-rows",
        "20000",
        // All requests are equal.
        "--remember-batches",
        "0s",
    ];
    let server = Server::start(data.path(), &flags);
    let text = "x".repeat(200);
    let ids: Vec<String> = (0..8_000).map(|record| format!("{text}{record}")).collect();
    let body = bytes::Bytes::from(logs(&ids, now_nanos()).encode_to_vec());
    let client = Client::new();
    // 48 senders at once with requests of 1.8 MB, 350 MB of protobuf in all.
    let senders: Vec<_> = (0..48)
        .map(|_| {
            let (client, body, url) = (client.clone(), body.clone(), server.url.clone());
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..4 {
                    let request = client
                        .post(format!("{url}/v1/logs"))
                        .header("content-type", "application/x-protobuf");
                    let response = request.body(body.clone()).send().await.expect("an answer");
                    statuses.push(response.status().as_u16());
                }
                statuses
            })
        })
        .collect();
    let mut taken = 0;
    for sender in senders {
        for status in sender.await.expect("no panic") {
            assert!(matches!(status, 200 | 429 | 503), "{status}");
            taken += usize::from(status == 200);
        }
    }
    let peak = server.peak_memory();
    assert!(peak < 384 << 20, "{} MiB", peak >> 20);
    assert!(taken > 4, "{taken} requests were taken");
    assert!(server.terminate().success());
    assert_eq!(
        rows(data.path(), "otel_logs", "Body").await.len(),
        taken * ids.len()
    );
}
