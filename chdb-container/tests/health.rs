//! Tests that `/health` answers quickly and reports the age of its state, however slow the lake's catalog is.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Container, eventually};

/// A REST catalog without tables, which stops answering while `hangs` is set, and refuses to while `fails` is.
#[derive(Clone, Default)]
struct Catalog {
    hangs: Arc<AtomicBool>,
    fails: Arc<AtomicBool>,
    hanging: Arc<AtomicUsize>,
}

impl Catalog {
    fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let catalog = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let catalog = catalog.clone();
                std::thread::spawn(move || catalog.answer(&client));
            }
        });
        format!("http://{address}")
    }

    fn answer(&self, client: &TcpStream) {
        let mut lines = BufReader::new(client).lines().map_while(Result::ok);
        let Some(first) = lines.next() else { return };
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        if self.hangs.load(Ordering::SeqCst) {
            self.hanging.fetch_add(1, Ordering::SeqCst);
            // The thread stays parked until the test process ends.
            std::thread::park();
        }
        let (status, body) = if self.fails.load(Ordering::SeqCst) {
            ("503 Service Unavailable", "")
        } else if first.contains("/config") {
            ("200 OK", r#"{"defaults":{},"overrides":{}}"#)
        } else {
            (
                "404 Not Found",
                r#"{"error":{"message":"no such table","type":"NoSuchTableException","code":404}}"#,
            )
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close"
        );
        // A client that has disconnected needs no answer.
        let _ = write!(&mut &*client, "{head}\r\n\r\n{body}");
    }
}

#[tokio::test]
async fn a_catalog_that_hangs_does_not_make_health_slow() {
    let catalog = Catalog::default();
    let container = Container::run(&["--catalog-uri", &catalog.start()]);
    assert_eq!(container.health().await["lake"]["state"], "missing");
    catalog.hangs.store(true, Ordering::SeqCst);
    eventually("the catalog hangs", || async {
        catalog.hanging.load(Ordering::SeqCst) > 0
    })
    .await;
    for _ in 0..20 {
        let started = Instant::now();
        let health = container.health().await;
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(health["engine"]["healthy"], true, "{health}");
    }
}

#[tokio::test]
async fn health_says_when_the_lake_was_last_looked_at() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let lake = common::lake(folder.path()).await;
    common::commit_logs(&lake, common::NOVEMBER, 0, 3).await;
    let container = Container::start(folder.path(), &[]);
    let as_of = || async {
        container.health().await["lake"]["asOf"]
            .as_str()
            .map(str::to_owned)
    };
    let first = as_of().await.expect("a time");
    eventually("another look", || async {
        as_of().await.is_some_and(|later| later > first)
    })
    .await;
    // Only a background refresh can find this commit: no query runs.
    common::commit_logs(&lake, common::NOVEMBER - common::DAY, 3, 3).await;
    eventually("the commit is seen", || async {
        let health = container.health().await;
        let tables = health["lake"]["tables"].as_array().expect("tables");
        tables
            .iter()
            .any(|table| table["rows"] == 6 && table["firstDay"] == "2026-10-31")
    })
    .await;
}

#[tokio::test]
async fn an_answer_says_how_old_its_lake_is() {
    let catalog = Catalog::default();
    let container = Container::run(&["--catalog-uri", &catalog.start()]);
    let age = || async {
        let reply = container
            .statement("SELECT 1", &[])
            .send()
            .await
            .expect("an answer");
        let age = common::header(&reply, "x-lakefront-lake-age-ms");
        age.map(|age| age.parse::<u64>().expect("a number"))
    };
    let fresh = age().await.expect("the catalog answered");
    assert!(fresh < 10_000, "{fresh} ms");
    catalog.fails.store(true, Ordering::SeqCst);
    // Another answer reads no catalog, so its lake is as old as before and older by the time between.
    let started = Instant::now();
    eventually("the lake gets older", || async {
        let waited = u64::try_from(started.elapsed().as_millis()).expect("a short time");
        waited > 1_000 && age().await.expect("an age") >= waited
    })
    .await;
}
