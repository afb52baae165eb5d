//! Tests of the limits on time, memory, rows, bytes and slots, and of queries whose caller disconnects.

mod common;

use std::time::{Duration, Instant};

use common::{Container, eventually, header, lake};
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

/// A statement that runs for many minutes unless it is stopped.
const ENDLESS: &str = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";

async fn start(args: &[&str]) -> (TempDir, Container) {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let container = Container::start(folder.path(), args);
    (folder, container)
}

#[tokio::test]
async fn time() {
    let (_folder, container) = start(&["--max-execution-time", "1"]).await;
    let started = Instant::now();
    let (status, code, _) = container.refusal(ENDLESS, &[]).await;
    assert_eq!((status, code), (408, 159));
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let (_, code, _) = container
        .refusal(ENDLESS, &[("max_execution_time", "3600")])
        .await;
    assert_eq!(code, 159, "a caller can't raise it");
}

#[tokio::test]
async fn memory() {
    let (_folder, container) = start(&["--max-memory", "50000000"]).await;
    let sql = "SELECT length(groupArray(number)) FROM numbers(100000000)";
    let (status, code, _) = container.refusal(sql, &[]).await;
    assert_eq!((status, code), (500, 241));
    assert_eq!(container.text("SELECT 1").await, "1", "the engine lives on");
}

#[tokio::test]
async fn rows_are_cut_and_it_shows() {
    let (_folder, container) = start(&["--max-result-rows", "10"]).await;
    for (rows, truncated) in [(9, false), (10, false), (11, true), (1000, true)] {
        let sql = format!("SELECT number FROM numbers({rows}) ORDER BY number");
        let reply = container.rows(&sql).await;
        assert_eq!(reply["truncated"], truncated, "{rows} rows");
        assert_eq!(reply["rows"].as_array().expect("rows").len(), rows.min(10));
        assert_eq!(reply["rows"][8], json!([8]));

        // A client that ignores Lakefront's headers gets an error, unless it requests a cut result.
        for format in ["TabSeparated", "CSV", "JSONEachRow"] {
            let pairs = [("default_format", format), ("result_overflow_mode", "break")];
            let response = container.statement(&sql, &pairs).send().await.expect("an answer");
            let cut = header(&response, "x-lakefront-truncated");
            assert_eq!(cut.as_deref(), truncated.then_some("rows"), "{rows} rows");
            let text = response.text().await.expect("text");
            assert_eq!(text.lines().count(), rows.min(10), "{rows} rows as {format}");

            let plain = [("default_format", format)];
            if truncated {
                let (_, code, text) = container.refusal(&sql, &plain).await;
                assert_eq!(code, 396, "{text}");
                assert!(text.contains("result_overflow_mode=break"), "{text}");
            } else {
                let response = container.statement(&sql, &plain).send().await.expect("an answer");
                assert_eq!(response.status(), 200);
            }
        }
    }
    let sql =
        "SELECT sum(number), count() FROM (SELECT number FROM numbers(100000) ORDER BY number LIMIT 50000)";
    assert_eq!(
        container.text(sql).await,
        "1249975000\t50000",
        "only the result is limited, not what it is made of"
    );
}

#[tokio::test]
async fn a_caller_can_ask_for_fewer_rows() {
    let (_folder, container) = start(&[]).await;
    let pairs = [("limit", "3"), ("default_format", "TSV")];
    let response = container
        .statement("SELECT number FROM numbers(10)", &pairs)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        header(&response, "x-lakefront-truncated"),
        None,
        "the caller's own limit is no cut of ours"
    );
    assert_eq!(response.text().await.expect("text"), "0\n1\n2\n");
}

#[tokio::test]
async fn bytes_beyond_the_limit_are_cut_at_a_row() {
    let (_folder, container) = start(&["--max-result-bytes", "1000000"]).await;
    let sql = "SELECT number, repeat('x', 1000) FROM numbers(10000)";
    for format in ["TSV", "JSONCompact", "JSONEachRow"] {
        let response = container
            .statement(
                sql,
                &[("default_format", format), ("result_overflow_mode", "break")],
            )
            .send()
            .await
            .expect("an answer");
        assert_eq!(
            header(&response, "x-lakefront-truncated").as_deref(),
            Some("bytes"),
            "{format}"
        );
        let text = response.text().await.expect("text");
        assert!(
            (900_000..=1_000_000).contains(&text.len()),
            "{format}: {}",
            text.len()
        );
        let rows = text.lines().filter(|line| line.contains("xxx")).count();
        assert!((900..1000).contains(&rows), "{format}: {rows}");
    }
    let reply = container.rows(sql).await;
    assert_eq!(reply["truncated"], true);
    let rows = reply["rows"].as_array().expect("rows").len();
    assert!((900..1000).contains(&rows), "{rows}");

    for format in ["Native", "CSV", "JSON", "TSV"] {
        let (_, code, text) = container.refusal(sql, &[("default_format", format)]).await;
        assert_eq!(code, 396, "{format}: {text}");
    }
    let (_, code, _) = container
        .refusal(
            "SELECT concat(repeat('x', 600000), repeat('y', 600000)) FORMAT TSV",
            &[],
        )
        .await;
    assert_eq!(code, 396, "not one row fits");
    assert_eq!(container.text("SELECT length(repeat('x', 1000))").await, "1000");
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_its_query() {
    let (_folder, container) = start(&["--slots", "1"]).await;
    for _ in 0..5 {
        let caller = tokio::spawn(container.statement(ENDLESS, &[]).send());
        eventually("the engine runs it", || async {
            container.metric("lakefront_chdb_engine_queries").await == 1
        })
        .await;
        caller.abort();
        eventually("the engine stops it", || async {
            container.metric("lakefront_chdb_engine_queries").await == 0
        })
        .await;
        eventually("the slot is free", || async {
            container.metric("lakefront_chdb_queries_running").await == 0
        })
        .await;
        assert_eq!(
            container.text("SELECT 1").await,
            "1",
            "the connection is good for the next query"
        );
    }
}

#[tokio::test]
async fn a_query_is_stopped_by_its_id_also_in_the_queue() {
    let (_folder, container) = start(&["--slots", "1"]).await;
    let id = |name: &'static str| vec![("query_id", name)];
    let running = tokio::spawn(container.statement(ENDLESS, &id("first")).send());
    eventually("the engine runs it", || async {
        container.metric("lakefront_chdb_engine_queries").await == 1
    })
    .await;
    let waiting = tokio::spawn(container.statement(ENDLESS, &id("first-not")).send());
    eventually("the other waits", || async {
        container.metric("lakefront_chdb_queries_waiting").await == 1
    })
    .await;
    for (path, status) in [("/queries/fir", 204), ("/queries/a'b", 204), ("/queries", 404)] {
        let reply = container.delete(path).send().await.expect("an answer");
        assert_eq!(reply.status(), status, "{path}");
    }
    assert_eq!(container.metric("lakefront_chdb_engine_queries").await, 1);
    for path in ["/queries/first-not", "/queries/first"] {
        let reply = container.delete(path).send().await.expect("an answer");
        assert_eq!(reply.status(), 204, "{path}");
    }
    for (name, query) in [("first", running), ("first-not", waiting)] {
        let answer = query.await.expect("it ends").expect("an answer");
        let code = header(&answer, "x-clickhouse-exception-code");
        assert_eq!(code.as_deref(), Some("394"), "{name}");
    }
    assert_eq!(container.text("SELECT 1").await, "1");
}

#[tokio::test]
async fn a_full_queue_says_so_at_once() {
    let (_folder, container) = start(&["--slots", "1", "--queue", "1"]).await;
    let running = tokio::spawn(container.statement(ENDLESS, &[]).send());
    eventually("one runs", || async {
        container.metric("lakefront_chdb_queries_running").await == 1
    })
    .await;
    let waiting = tokio::spawn(container.statement("SELECT 'waited'", &[]).send());
    eventually("one waits", || async {
        container.metric("lakefront_chdb_queries_waiting").await == 1
    })
    .await;

    let response = container
        .statement("SELECT 1", &[])
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after").as_deref(), Some("1"));
    assert_eq!(
        header(&response, "x-clickhouse-exception-code").as_deref(),
        Some("202")
    );
    let response = container
        .query(&json!({"sql": "SELECT 1"}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after").as_deref(), Some("1"));
    assert_eq!(
        container.health().await["engine"]["healthy"],
        true,
        "health does not wait in line"
    );

    running.abort();
    let answer = waiting
        .await
        .expect("no panic")
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert_eq!(answer, "waited\n");
}

#[tokio::test]
async fn a_place_in_the_queue_is_not_for_ever() {
    let (_folder, container) = start(&["--slots", "1", "--queue-wait", "1"]).await;
    let running = tokio::spawn(container.statement(ENDLESS, &[]).send());
    eventually("one runs", || async {
        container.metric("lakefront_chdb_queries_running").await == 1
    })
    .await;
    let (status, code, _) = container.refusal("SELECT 1", &[]).await;
    assert_eq!((status, code), (503, 202));
    running.abort();
}

#[tokio::test]
async fn queries_run_side_by_side() {
    let (_folder, container) = start(&["--slots", "2"]).await;
    let running = tokio::spawn(container.statement(ENDLESS, &[]).send());
    eventually("one runs", || async {
        container.metric("lakefront_chdb_queries_running").await == 1
    })
    .await;
    assert_eq!(container.text("SELECT 2").await, "2");
    running.abort();
}

#[tokio::test]
async fn the_end_lets_running_queries_finish() {
    let (_folder, mut container) = start(&["--drain", "30"]).await;
    let sql = "SELECT count() FROM numbers(4) WHERE NOT ignore(sleepEachRow(0.5))";
    let caller = tokio::spawn(container.statement(sql, &[]).send());
    eventually("it runs", || async {
        container.metric("lakefront_chdb_queries_running").await == 1
    })
    .await;
    let ended = tokio::task::spawn_blocking(move || container.signal("-TERM"));
    let answer = caller
        .await
        .expect("no panic")
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert_eq!(answer, "4\n");
    assert_eq!(ended.await.expect("no panic").code(), Some(0));
}

#[tokio::test]
async fn while_it_ends_new_requests_are_refused() {
    let (_folder, mut container) = start(&["--drain", "30"]).await;
    let sql = "SELECT count() FROM numbers(6) WHERE NOT ignore(sleepEachRow(0.5))";
    let caller = tokio::spawn(container.statement(sql, &[]).send());
    eventually("it runs", || async {
        container.metric("lakefront_chdb_queries_running").await == 1
    })
    .await;
    container.send_signal("-TERM");
    eventually("it drains", || async {
        let ping = container.get("/ping").send().await.expect("an answer");
        ping.status() == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    for request in [
        container.statement("SELECT 1", &[]),
        container.query(&json!({ "sql": "SELECT 1" })),
        container.get("/health"),
        container.get("/ping"),
    ] {
        let refused = request.send().await.expect("a connection, also a new one");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        for name in ["retry-after", "x-lakefront-draining"] {
            assert_eq!(header(&refused, name).as_deref(), Some("1"), "{name}");
        }
    }
    assert!(!caller.is_finished(), "what runs is not interrupted");
    let answer = caller.await.expect("no panic").expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "6\n");
    let status = tokio::task::spawn_blocking(move || container.ended()).await;
    assert_eq!(status.expect("no panic").code(), Some(0));
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let (_folder, mut container) = start(&["--drain", "1"]).await;
    let caller = tokio::spawn(container.statement(ENDLESS, &[]).send());
    eventually("it runs", || async {
        container.metric("lakefront_chdb_engine_queries").await == 1
    })
    .await;
    let started = Instant::now();
    let status = tokio::task::spawn_blocking(move || container.signal("-INT"))
        .await
        .expect("no panic");
    assert_eq!(status.code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    caller.abort();
}

/// Returns a block of ClickHouse's native compression that holds `length` zero bytes.
fn block_of_zeros(length: usize) -> Vec<u8> {
    let packed = zstd::bulk::compress(&vec![0; length], 1).expect("packed");
    let sizes = [9 + packed.len(), length].map(|size| u32::try_from(size).expect("small").to_le_bytes());
    let block = [&[0x90][..], &sizes.concat(), &packed].concat();
    let sum = cityhash_rs::cityhash_102_128(&block).rotate_right(64);
    [&sum.to_le_bytes()[..], &block].concat()
}

/// Returns the peak memory of a process, in bytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.expect("a peak").parse::<u64>().expect("a number") << 10
}

#[tokio::test]
async fn a_small_body_of_compressed_blocks_takes_little_memory() {
    let (_folder, container) = start(&[]).await;
    // 64 blocks hold 1 GiB in about 100 kB.
    let bomb = block_of_zeros(16 << 20).repeat(64);
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    let before = peak(container.pid());
    for pairs in [
        &[("decompress", "1")][..],
        &[("decompress", "1"), ("query", "SELECT 1")],
    ] {
        let request = container.statement("", pairs).body(bomb.clone());
        // The server does not read the rest of a refused body, so the connection can't be used again.
        let request = request.header("connection", "close");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 400, "{pairs:?}");
    }
    let more = peak(container.pid()) - before;
    assert!(more < 128 << 20, "{more} more bytes");
}
