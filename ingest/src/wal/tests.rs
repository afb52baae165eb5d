use std::{fs, sync::Arc, time::Instant};

use bytes::Bytes;
use lakefront_otel::decode::Signal;
use lakefront_otlp::Format;
use tokio::sync::oneshot;

use super::{
    Append, BodyKind, Checkpoint, Content, FolderLock, Header, Identity, Next, Options, Reader, Recovered,
    Space, Wal, keep_identities, segment,
};
use crate::{error::WalError, metrics::Metrics, otlp::Compression};

const KIND: fn() -> BodyKind = || BodyKind::new(Signal::Logs, Format::Protobuf, Compression::Identity);

struct Log {
    folder: tempfile::TempDir,
    segment_bytes: u64,
    limit: u64,
}

/// An open log. A test closes it explicitly.
struct Open {
    wal: Wal<&'static str>,
    reader: Reader<&'static str>,
    thread: std::thread::JoinHandle<()>,
}

impl Log {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            segment_bytes: 1 << 20,
            limit: 1 << 30,
        }
    }

    fn open(&self) -> Open {
        let options = Options {
            folder: self.folder.path().to_owned(),
            segment_bytes: self.segment_bytes,
            limit: self.limit,
            first_position: 1,
            space: Space::new(self.folder.path(), None, 0).expect("a disk"),
        };
        let recovered = Recovered::of(self.folder.path()).expect("the folder is read");
        let (wal, reader, thread) =
            Wal::open(recovered, options, Arc::new(Metrics::default())).expect("the log opens");
        Open { wal, reader, thread }
    }

    fn segments(&self) -> Vec<u64> {
        segment::list(self.folder.path()).expect("a folder")
    }
}

impl Open {
    async fn append(&self, body: &'static str, decoded: Option<&'static str>) -> Result<u64, WalError> {
        let (done, answer) = oneshot::channel();
        let header = Header {
            rows: 10,
            body: KIND(),
            ..Header::default()
        };
        let append = Append {
            header,
            body: Bytes::from_static(body.as_bytes()),
            decoded,
            done,
        };
        self.wal.append(append).await?;
        answer.await.map_err(|_| WalError::Closed)?
    }

    /// Returns the last position and the body of each request until the reader would wait. Decoded ones are in
    /// capitals.
    fn read(&mut self) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        while let Next::Entry(entry) = self.reader.next(Some(Instant::now())).expect("the log is intact") {
            let text = match entry.content {
                Content::Decoded(decoded) => decoded.to_uppercase(),
                Content::Body(body) => String::from_utf8(body.to_vec()).expect("text"),
            };
            found.push((entry.header.last_position(), text));
        }
        found
    }

    async fn close(self) {
        self.wal.close().await;
        self.thread.join().expect("the thread ends");
    }
}

fn found(entries: &[(u64, &str)]) -> Vec<(u64, String)> {
    entries
        .iter()
        .map(|(position, text)| (*position, (*text).to_owned()))
        .collect()
}

#[tokio::test]
async fn requests_are_read_in_order_decoded_or_from_disk() {
    let log = Log::new();
    let mut open = log.open();
    assert_eq!(open.append("one", Some("one")).await.expect("appended"), 10);
    assert_eq!(open.append("two", None).await.expect("appended"), 20);
    assert_eq!(open.append("three", Some("three")).await.expect("appended"), 30);
    assert_eq!(open.read(), found(&[(10, "ONE"), (20, "two"), (30, "THREE")]));
    open.close().await;

    let mut again = log.open();
    assert_eq!(again.append("four", None).await.expect("appended"), 40);
    assert_eq!(
        again.read(),
        found(&[(10, "one"), (20, "two"), (30, "three"), (40, "four")])
    );
    again.close().await;
}

#[tokio::test]
async fn requests_behind_the_checkpoint_are_read_again_in_order() {
    let log = Log {
        segment_bytes: 32,
        ..Log::new()
    };
    let mut open = log.open();
    open.append("one", Some("one")).await.expect("appended");
    let Ok(Next::Entry(one)) = open.reader.next(Some(Instant::now())) else {
        panic!("what was appended is there");
    };
    let releaser = open.wal.releaser();
    releaser
        .release(Checkpoint {
            location: one.end,
            position: 10,
        })
        .expect("released");
    open.append("two", Some("two")).await.expect("appended");
    open.append("three", None).await.expect("appended");
    assert_eq!(open.read(), found(&[(20, "TWO"), (30, "three")]));
    open.append("four", Some("four")).await.expect("appended");
    releaser.rewind();
    assert!(matches!(open.reader.next(None), Ok(Next::Rewound)));
    assert_eq!(open.read(), found(&[(20, "two"), (30, "three"), (40, "FOUR")]));
    // At the end, a reader that waits goes back too, and a closed log is read again before its end.
    open.wal.close().await;
    releaser.rewind();
    assert!(matches!(open.reader.next(None), Ok(Next::Rewound)));
    assert_eq!(open.read(), found(&[(20, "two"), (30, "three"), (40, "four")]));
    assert!(matches!(open.reader.next(None), Ok(Next::Closed)));
    open.thread.join().expect("the thread ends");
}

#[tokio::test]
async fn a_torn_tail_is_cut_wherever_it_tore() {
    let log = Log::new();
    let open = log.open();
    open.append("one", None).await.expect("appended");
    let path = segment::path(log.folder.path(), 1);
    let whole = fs::metadata(&path).expect("the segment").len();
    open.append("two", None).await.expect("appended");
    open.close().await;
    let bytes = fs::read(&path).expect("the segment");
    for length in whole..bytes.len() as u64 {
        for other in log.segments() {
            fs::remove_file(segment::path(log.folder.path(), other)).expect("removed");
        }
        // A torn frame is either too short, or, as some file systems leave it, of full length with zeros that were
        // never written.
        for zeros in [false, true] {
            let mut torn = bytes[..length as usize].to_vec();
            if zeros {
                torn.resize(bytes.len(), 0);
            }
            fs::write(&path, torn).expect("written");
            let mut open = log.open();
            assert_eq!(open.append("three", None).await.expect("appended"), 20);
            assert_eq!(
                open.read(),
                found(&[(10, "one"), (20, "three")]),
                "torn at {length}, zeros: {zeros}"
            );
            open.close().await;
            for other in log.segments() {
                fs::remove_file(segment::path(log.folder.path(), other)).expect("removed");
            }
        }
    }
}

/// Returns the contents of the files that were set aside.
fn aside(log: &Log) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(log.folder.path()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let is_aside = |path: &std::path::PathBuf| path.to_string_lossy().contains(".aside-");
    paths
        .filter(is_aside)
        .map(|path| fs::read(path).expect("a file"))
        .collect()
}

#[tokio::test]
async fn what_follows_a_damaged_frame_is_set_aside() {
    let log = Log::new();
    let open = log.open();
    open.append("one", None).await.expect("appended");
    let path = segment::path(log.folder.path(), 1);
    let whole = fs::metadata(&path).expect("the segment").len() as usize;
    for body in ["two", "three"] {
        open.append(body, None).await.expect("appended");
    }
    open.close().await;
    let mut bytes = fs::read(&path).expect("the segment");
    // A byte of the second frame.
    bytes[whole + 14] ^= 1;
    fs::write(&path, &bytes).expect("written");
    for _ in 0..2 {
        let mut open = log.open();
        assert_eq!(open.read(), found(&[(10, "one")]));
        open.close().await;
        assert_eq!(aside(&log), [&bytes[whole..]], "once, all of it");
    }
    assert_eq!(
        super::frame::find(&bytes[whole..]),
        Some((bytes.len() - whole - 2) / 2),
        "the third is intact"
    );
}

#[tokio::test]
async fn damage_before_the_tail_is_an_error_that_names_the_file() {
    let log = Log::new();
    let open = log.open();
    open.append("one", None).await.expect("appended");
    open.close().await;
    log.open().close().await;
    let path = segment::path(log.folder.path(), 1);
    let mut bytes = fs::read(&path).expect("the segment");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).expect("written");
    let mut open = log.open();
    let Err(error) = open.reader.next(Some(Instant::now())) else {
        panic!("the damage was not seen");
    };
    assert!(
        error
            .to_string()
            .contains("0000000000000001.wal is damaged at byte 16"),
        "{error}"
    );
    open.close().await;
}

#[tokio::test]
async fn segments_are_closed_when_long_and_deleted_when_released() {
    let log = Log {
        segment_bytes: 32,
        ..Log::new()
    };
    let mut open = log.open();
    let mut ends = Vec::new();
    for body in ["one", "two", "three", "four", "five", "six"] {
        open.append(body, None).await.expect("appended");
        let Ok(Next::Entry(entry)) = open.reader.next(Some(Instant::now())) else {
            panic!("what was appended is there");
        };
        ends.push(entry.end);
    }
    let segments = log.segments();
    assert!(segments.len() > 2, "{segments:?}");
    let released = Checkpoint {
        location: ends[2],
        position: 30,
    };
    open.wal.releaser().release(released).expect("released");
    assert!(log.segments().len() < segments.len());
    assert_eq!(open.wal.backlog().records, 30);
    open.close().await;
    let lock = FolderLock::acquire(log.folder.path()).expect("the log is closed");
    assert_eq!(lock.released(), 30);

    let mut again = log.open();
    let left = again.read();
    assert!(
        left.ends_with(&found(&[(40, "four"), (50, "five"), (60, "six")])),
        "{left:?}"
    );
    again.close().await;
}

#[tokio::test]
async fn a_full_log_refuses_and_takes_again_once_it_is_released() {
    let log = Log {
        segment_bytes: 64,
        limit: 400,
        ..Log::new()
    };
    let mut open = log.open();
    let mut taken = 0;
    let error = loop {
        match open.append("something", None).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100, "the limit was not kept");
    };
    assert!(matches!(error, WalError::Full), "{error}");
    let mut end = None;
    while let Ok(Next::Entry(entry)) = open.reader.next(Some(Instant::now())) {
        end = Some(entry.end);
    }
    let released = Checkpoint {
        location: end.expect("some were taken"),
        position: 10 * taken,
    };
    open.wal.releaser().release(released).expect("released");
    assert_eq!(
        open.append("something", None).await.expect("there is room"),
        10 * taken + 10
    );
    open.close().await;
}

#[tokio::test]
async fn a_closed_log_refuses_and_its_reader_ends() {
    let log = Log::new();
    let mut open = log.open();
    open.append("one", None).await.expect("appended");
    open.wal.close().await;
    open.thread.join().expect("the thread ends");
    let (done, _) = oneshot::channel();
    let append = Append {
        header: Header::default(),
        body: Bytes::new(),
        decoded: None,
        done,
    };
    assert!(matches!(open.wal.append(append).await, Err(WalError::Closed)));
    assert!(matches!(open.reader.next(None), Ok(Next::Entry(_))));
    assert!(matches!(open.reader.next(None), Ok(Next::Closed)));
}

#[test]
fn a_folder_has_one_user_and_one_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = FolderLock::acquire(folder.path()).expect("the first");
    assert_eq!(lock.identities().expect("readable"), []);
    let mut identity = Identity {
        writer: 7,
        lake: None,
        sessions: Vec::new(),
    };
    // The format of earlier versions.
    fs::write(lock.identities_path(), "7").expect("kept");
    assert_eq!(lock.identities().expect("readable"), [identity.clone()]);
    identity.lake = Some("a lake".to_owned());
    identity.begin_session(11, &[]);
    keep_identities(&lock.identities_path(), std::slice::from_ref(&identity)).expect("kept");
    assert!(matches!(
        FolderLock::acquire(folder.path()),
        Err(WalError::Locked { .. })
    ));
    drop(lock);
    let lock = FolderLock::acquire(folder.path()).expect("it is free again");
    assert_eq!(lock.identities().expect("readable"), [identity]);
}
