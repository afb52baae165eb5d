//! Exactly once: `kill -9` at any moment neither loses nor repeats an acknowledged record.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::support::{Server, health_until, logs, metrics, now_nanos, rows_on, spans};
use lakefront_tests::{LakeAt, S3Lake};
use prost::Message;

const KILLS: u32 = 18;
const CLIENTS: usize = 4;

/// The number of attempts, and the acknowledged ids by signal.
#[derive(Default)]
struct Ledger {
    next: AtomicU64,
    acknowledged: Mutex<BTreeMap<&'static str, BTreeSet<String>>>,
}

/// Sends until the server has ended. Every attempt has its own ids, even after an attempt without an answer.
async fn send(url: String, ledger: Arc<Ledger>) {
    let client = reqwest::Client::new();
    loop {
        let number = ledger.next.fetch_add(1, Ordering::Relaxed);
        let ids: Vec<String> = (0..number % 40 + 1)
            .map(|record| format!("{number}-{record}"))
            .collect();
        let (signal, body) = match number % 3 {
            0 => ("logs", logs(&ids, now_nanos()).encode_to_vec()),
            1 => ("traces", spans(&ids, now_nanos()).encode_to_vec()),
            _ => ("metrics", metrics(&ids, now_nanos()).encode_to_vec()),
        };
        let answer = client
            .post(format!("{url}/v1/{signal}"))
            .header("content-type", "application/x-protobuf")
            .body(body)
            .send()
            .await;
        match answer {
            Ok(response) => {
                assert_eq!(response.status(), 200);
                let mut acknowledged = ledger.acknowledged.lock().expect("no panic");
                acknowledged.entry(signal).or_default().extend(ids);
            }
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_record_is_there_once_whenever_the_server_is_killed() {
    let data = tempfile::tempdir().expect("a folder");
    killed_again_and_again(data.path(), &LakeAt::folder(data.path().join("lake"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_on_s3() {
    let data = tempfile::tempdir().expect("a folder");
    let servers = S3Lake::start().await.expect("the servers start");
    killed_again_and_again(data.path(), &servers.at()).await;
}

async fn killed_again_and_again(data: &Path, lake: &LakeAt) {
    let ledger = Arc::new(Ledger::default());
    let flags = [
        "--commit-interval",
        "60ms",
        "--commit-rows",
        "400",
        "--compaction-share",
        "100",
    ];
    for kill in 1..=KILLS {
        let server = Server::start_on(data, &flags, lake);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(send(server.url.clone(), ledger.clone())))
            .collect();
        // A random moment: during start and replay, during a sync, a commit or a compaction, or between them. The last
        // life ends after a compaction, however slow the machine is.
        if kill == KILLS {
            health_until(&server.url, |health| {
                health["compaction"]["rewrites"].as_u64() > Some(0)
            })
            .await;
        } else {
            let longest = if kill % 6 == 0 { 4000 } else { 700 };
            let moment = uuid::Uuid::new_v4().as_u128() % longest;
            tokio::time::sleep(Duration::from_millis(moment as u64)).await;
        }
        server.kill();
        for client in clients {
            client
                .await
                .expect("the client saw only 200 or a broken connection");
        }
    }
    let status = Server::start_on(data, &flags, lake).terminate();
    assert!(status.success(), "{status}");

    let acknowledged = ledger.acknowledged.lock().expect("no panic").clone();
    let mut row_ids = BTreeSet::new();
    for (signal, table, column) in [
        ("logs", "otel_logs", "Body"),
        ("traces", "otel_traces", "SpanName"),
        ("metrics", "otel_metrics_gauge", "MetricName"),
        ("metrics", "otel_metrics_sum", "MetricName"),
    ] {
        let mut seen = BTreeSet::new();
        for row in rows_on(lake, table, column).await {
            assert!(row_ids.insert(row.row_id), "RowId {} is there twice", row.row_id);
            assert!(seen.insert(row.text.clone()), "{} is in {table} twice", row.text);
        }
        let sent = &acknowledged[signal];
        let lost: Vec<_> = sent.difference(&seen).collect();
        assert!(
            lost.is_empty(),
            "{} of {} acknowledged are missing in {table}: {lost:?}",
            lost.len(),
            sent.len()
        );
        assert!(
            sent.len() > 100,
            "only {} records were acknowledged: the test showed nothing",
            sent.len()
        );
    }
}
