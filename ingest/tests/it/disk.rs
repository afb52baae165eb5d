//! Full disks, with real file systems of a few megabytes.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{Server, health, health_until, post_logs, rows};
use lakefront_lake::{Lake, LakeConfig};
use nix::sched::{CloneFlags, unshare};
use reqwest::Response;
use tokio::time::{sleep, timeout};

/// Runs a test on a thread with its own mounts. They end with the thread and its processes, even after a crash.
fn with_own_mounts<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        // Must precede every mount. Only this thread and its children see later mounts.
        let is_permitted = unshare(CloneFlags::CLONE_NEWNS).is_ok() && mounted(&["--make-rprivate", "/"]);
        if !is_permitted {
            let must_run = std::env::var_os("CI").is_some();
            assert!(
                !must_run,
                "file systems cannot be mounted here: run the tests as root"
            );
            // Written directly, because the test harness captures the output of macros.
            let line =
                b"SKIPPED: a test of full disks, as no file system can be mounted here; run it as root\n";
            std::io::stderr().write_all(line).expect("written");
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(test());
    };
    let thread = std::thread::spawn(run);
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn mounted(arguments: &[&str]) -> bool {
    let status = Command::new("mount").args(arguments).status();
    status.expect("mount runs").success()
}

fn mount(arguments: &[&str]) {
    assert!(mounted(arguments), "mount {arguments:?}");
}

/// A file system in memory.
struct Disk(PathBuf);

impl Disk {
    /// Mounts a file system of that many megabytes on a folder.
    fn mount(folder: &Path, megabytes: u32) -> Self {
        let size = format!("size={megabytes}m");
        let folder = folder.to_owned();
        let path = folder.to_str().expect("UTF-8");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs", path]);
        Self(folder)
    }

    fn resize(&self, megabytes: u32) {
        let size = format!("remount,size={megabytes}m");
        mount(&["-o", &size, self.0.to_str().expect("UTF-8")]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Unmounts, so that the folder can be removed. The mount ends with the thread in any case.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Fills the disk to its last byte.
fn fill(file: &Path) {
    let mut filler = File::create(file).expect("a file");
    let block = vec![7; 1 << 20];
    while filler.write_all(&block).is_ok() {}
    while filler.write_all(&[7]).is_ok() {}
}

/// Returns random records, which do not compress well.
fn ids(count: usize) -> Vec<String> {
    let words = || (0..12).map(|_| uuid::Uuid::new_v4().simple().to_string());
    (0..count).map(|_| words().collect()).collect()
}

/// Sends until a request is refused. Adds the acknowledged ids to `acknowledged`.
async fn send_until_refused(url: &str, acknowledged: &mut BTreeSet<String>) -> Response {
    for _ in 0..1_000 {
        let ids = ids(500);
        let response = post_logs(url, &ids).await;
        if response.status() != 200 {
            return response;
        }
        acknowledged.extend(ids);
    }
    panic!("the disk took everything");
}

fn all_committed(health: &serde_json::Value) -> bool {
    health["wal"]["backlog_records"] == 0
}

fn parquet_files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.append(&mut parquet_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.insert(path);
        }
    }
    found
}

/// Asserts that failed commits leave no data files on disk. Waits up to 20 s for a commit that is in progress.
async fn no_leftovers(lake: &Lake, folder: &Path) {
    let leftovers = async || {
        let before = parquet_files(folder);
        let files = lake.files("otel_logs").await.expect("its files");
        let path = |location: &str| PathBuf::from(location.trim_start_matches("file://"));
        let committed: BTreeSet<PathBuf> = files.iter().map(|file| path(file.file.file_path())).collect();
        before.difference(&committed).count()
    };
    let gone = async {
        while leftovers().await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = timeout(Duration::from_secs(20), gone).await;
    assert!(
        waited.is_ok(),
        "{} files of failed commits stay",
        leftovers().await
    );
}

async fn assert_all_in(data: &Path, acknowledged: &BTreeSet<String>) {
    let rows = rows(data, "otel_logs", "Body").await;
    assert_eq!(rows.len(), acknowledged.len());
    let found: BTreeSet<String> = rows.into_iter().map(|row| row.text).collect();
    assert!(found == *acknowledged, "what was acknowledged is there");
}

#[test]
fn log_and_lake_on_one_disk_that_is_full() {
    with_own_mounts(async || {
        let data = tempfile::tempdir().expect("a folder");
        let disk = Disk::mount(data.path(), 40);
        let server = Server::start(data.path(), &["--commit-interval", "500ms"]);
        let folder = data.path().join("lake");
        let lake = Lake::open(LakeConfig::new(&folder))
            .await
            .expect("the lake opens");

        // Requests are refused while the disk still has space to commit the acknowledged ones.
        let mut acknowledged = BTreeSet::new();
        let refused = send_until_refused(&server.url, &mut acknowledged).await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "5");
        let message = refused.text().await.expect("a body");
        assert!(message.contains("kept to commit"), "{message}");
        health_until(&server.url, all_committed).await;
        no_leftovers(&lake, &folder).await;

        // Repeats until the lake has taken all of the available space.
        while health(&server.url).await["ready"] == true {
            send_until_refused(&server.url, &mut acknowledged).await;
            health_until(&server.url, all_committed).await;
        }
        let full = health(&server.url).await;
        assert!(full["refusing"].as_str().expect("why").contains("free"), "{full}");

        // Another program fills the larger disk before the acknowledged records are committed.
        disk.resize(80);
        health_until(&server.url, |health| health["ready"] == true).await;
        let more = ids(2_000);
        assert_eq!(post_logs(&server.url, &more).await.status(), 200);
        let filler = data.path().join("filler");
        fill(&filler);
        acknowledged.extend(more);
        health_until(&server.url, |health| {
            let message = health["last_error"]["message"].as_str().unwrap_or_default();
            message.contains("os error 28") || message.contains("full")
        })
        .await;
        assert_eq!(post_logs(&server.url, &ids(1)).await.status(), 503);
        no_leftovers(&lake, &folder).await;
        fs::remove_file(filler).expect("removed");
        health_until(&server.url, |health| {
            health["ready"] == true && all_committed(health)
        })
        .await;

        let last = ids(1);
        assert_eq!(post_logs(&server.url, &last).await.status(), 200);
        acknowledged.extend(last);
        assert!(server.terminate().success());
        assert_all_in(data.path(), &acknowledged).await;
    });
}

#[test]
fn a_lake_on_another_disk_that_is_full() {
    with_own_mounts(async || {
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().join("lake");
        fs::create_dir(&folder).expect("a folder");
        let disk = Disk::mount(&folder, 16);
        let flags = [
            "--commit-interval",
            "200ms",
            "--max-body",
            "2MiB",
            "--wal-limit",
            "16MiB",
        ];
        let server = Server::start(data.path(), &flags);
        let lake = Lake::open(LakeConfig::new(&folder))
            .await
            .expect("the lake opens");
        let mut acknowledged = BTreeSet::new();
        // The log takes requests up to its limit.
        let refused = loop {
            let refused = send_until_refused(&server.url, &mut acknowledged).await;
            let health = health(&server.url).await;
            if !health["last_error"].is_null() && health["ready"] == false {
                break refused;
            }
        };
        assert_eq!(refused.status(), 503);
        no_leftovers(&lake, &folder).await;
        disk.resize(200);
        health_until(&server.url, |health| {
            health["ready"] == true && all_committed(health)
        })
        .await;
        assert!(server.terminate().success());
        assert_all_in(data.path(), &acknowledged).await;
    });
}
