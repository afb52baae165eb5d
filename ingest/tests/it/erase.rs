//! Erasing by hand: refused while a log may hold rows, killed at each of its steps, and complete in the end.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use lakefront_tests::TestLake;
use opentelemetry_proto::tonic::{common::v1::KeyValue, logs::v1::LogRecord};
use prost::Message;

use crate::support::{Server, health_until, now_nanos, post, records, rows_on, spans, string};

const DAY: u64 = 86_400_000_000_000;
const DAYS: u64 = 4;
const WHERE: [&str; 2] = ["--where", "UserId = 'erase-me'"];

/// Returns the command `erase` on the lake and the log below its folder.
fn erase(lake: &TestLake, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"));
    command
        .arg("erase")
        .args(arguments)
        .arg("--data")
        .arg(lake.folder())
        .envs(lake.at().environment())
        .env("LAKEFRONT_LOG", "warn");
    command
}

fn run(lake: &TestLake, arguments: &[&str]) -> Output {
    erase(lake, arguments).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns a request with a record of each of three users, whose bodies are the user and the number.
fn visits(number: u64) -> Vec<u8> {
    let record = |user: &&str| LogRecord {
        time_unix_nano: now_nanos() - number % DAYS * DAY,
        body: string(format!("{user} {number}")),
        attributes: vec![KeyValue {
            key: "user.id".into(),
            value: string(*user),
            ..Default::default()
        }],
        ..Default::default()
    };
    records(
        ["erase-me", "erase-me-not", "somebody"]
            .iter()
            .map(record)
            .collect(),
    )
    .encode_to_vec()
}

async fn send(server: &Server, path: &str, body: Vec<u8>) {
    assert_eq!(post(&server.url, path, body).await.status(), 200);
}

/// Returns true if a file below the folder has the text.
fn is_in_files(folder: &Path, needle: &str) -> bool {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).any(|path| {
        let bytes = std::fs::read(&path).expect("a file");
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    })
}

async fn bodies(lake: &TestLake) -> BTreeSet<String> {
    let rows = rows_on(lake.at(), "otel_logs", "Body").await;
    let count = rows.len();
    let bodies: BTreeSet<String> = rows.into_iter().map(|row| row.text).collect();
    assert_eq!(bodies.len(), count, "a row is there twice");
    bodies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_user_are_gone_wherever_the_command_was_killed() {
    let lake = TestLake::start().await.expect("a lake");
    let server = Server::start_on(
        lake.folder(),
        &["--ack", "snapshot", "--commit-interval", "50ms"],
        lake.at(),
    );
    for number in 0..3 * DAYS {
        send(&server, "/v1/logs", visits(number)).await;
    }
    send(
        &server,
        "/v1/traces",
        spans(&["a span".to_owned()], now_nanos()).encode_to_vec(),
    )
    .await;
    let refused = text(&run(&lake, &WHERE).stderr);
    assert!(
        refused.contains("is in use") && refused.contains("stop it"),
        "{refused}"
    );
    assert!(server.terminate().success());
    let log = lake.folder().join("wal");
    assert!(
        is_in_files(&log, "erase-me"),
        "a committed segment stays until the next one"
    );
    let mut expected = bodies(&lake).await;
    assert_eq!(expected.len(), 9 * DAYS as usize);

    let dry = run(&lake, &[&WHERE[..], &["--dry-run"]].concat());
    assert!(dry.status.success(), "{dry:?}");
    let printed = text(&dry.stdout);
    assert_eq!(
        printed.matches("would erase 3 of 9 rows, in 3 files").count(),
        DAYS as usize,
        "{printed}"
    );
    assert!(printed.contains("otel_logs: 12 of 36 rows"), "{printed}");
    assert_eq!(bodies(&lake).await, expected, "a dry run changes nothing");

    // Killed after each line that it prints, until a run comes to its end.
    let mut runs = 0;
    let last = loop {
        runs += 1;
        assert!(runs < 60, "it does not come to an end");
        let mut command = erase(&lake, &WHERE);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let printed: Vec<String> = lines.by_ref().take(runs).map_while(Result::ok).collect();
        if printed.len() < runs {
            assert!(child.wait().expect("its end").success(), "{printed:?}");
            break printed.join("\n");
        }
        // The process may have ended already.
        let _ = child.kill();
        child.wait().expect("its end");
    };
    assert!(runs > DAYS as usize, "{runs} runs");
    assert!(
        last.contains("otel_logs: 0 of 24 rows before, 0 of 24 after"),
        "{last}"
    );
    assert!(last.contains("erased: no data file"), "{last}");
    expected.retain(|body| !body.starts_with("erase-me "));
    assert_eq!(bodies(&lake).await, expected, "nothing else is lost");
    assert_eq!(rows_on(lake.at(), "otel_traces", "SpanName").await.len(), 1);
    assert!(!is_in_files(&log, "erase-me"), "the log is empty");

    // Ingest goes on where it was.
    let server = Server::start_on(
        lake.folder(),
        &["--ack", "snapshot", "--commit-interval", "50ms"],
        lake.at(),
    );
    send(&server, "/v1/logs", visits(100)).await;
    let health = health_until(&server.url, |health| health["wal"]["backlog_records"] == 0).await;
    assert_eq!(health["wal"]["writer"], 1, "the log keeps its number");
    assert!(server.terminate().success());
    expected.extend(["erase-me 100", "erase-me-not 100", "somebody 100"].map(str::to_owned));
    assert_eq!(bodies(&lake).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_not_in_the_lake_is_refused() {
    let lake = TestLake::start().await.expect("a lake");
    let server = Server::start_on(lake.folder(), &["--commit-interval", "1h"], lake.at());
    send(&server, "/v1/logs", visits(1)).await;
    server.kill();
    let refused = run(&lake, &WHERE);
    let message = text(&refused.stderr);
    assert!(
        !refused.status.success() && message.contains("not in the lake yet"),
        "{message}"
    );

    // It is in the lake once ingest was started and stopped.
    let server = Server::start_on(lake.folder(), &["--commit-interval", "1h"], lake.at());
    assert!(server.terminate().success());
    let aside = lake.folder().join("wal/0000000000000001.aside-1");
    std::fs::write(&aside, b"torn").expect("a file");
    let message = text(&run(&lake, &WHERE).stderr);
    assert!(
        message.contains("aside-1") && message.contains("can't be searched"),
        "{message}"
    );
    std::fs::remove_file(&aside).expect("it is removed");
    let done = run(&lake, &WHERE);
    let printed = text(&done.stdout);
    assert!(
        done.status.success() && printed.contains("otel_logs: 1 of 3 rows before, 0 of 2 after"),
        "{done:?}"
    );
    assert_eq!(bodies(&lake).await.len(), 2);

    let wrong = run(&lake, &["--where", "UserId = 'erase-me' OR 1 = 1"]);
    assert!(text(&wrong.stderr).contains("expected AND"), "{wrong:?}");
}
