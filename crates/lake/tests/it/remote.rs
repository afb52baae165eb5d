//! The lake on MinIO behind the REST catalogs of Apache Iceberg and Nessie.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use iceberg::spec::TableMetadata;
use lakefront_lake::{
    CompactionSettings, DataFile, Error, Lake, LakeConfig, LakeLocation, Pace, RestCatalogConfig, WalPosition,
};
use lakefront_lake_catalog::{Error as CatalogError, RestCatalog, RestTable};
use lakefront_tests::{LakeAt, Nessie, Relay, S3Lake, Treatment};
use secrecy::ExposeSecret as _;

use crate::common::{DAY, MARCH_10, NEW_YEAR, data_files, rows};

const TABLE: &str = "otel_logs";
const ROWS: usize = 10;

/// Returns the configuration of the lake on these servers.
fn configured(servers: &S3Lake) -> RestCatalogConfig {
    remote(&servers.at())
}

fn remote(lake: &LakeAt) -> RestCatalogConfig {
    match lake.place().unwrap() {
        LakeLocation::RestCatalog(lake) => *lake,
        LakeLocation::Folder(folder) => panic!("{} is a folder", folder.display()),
    }
}

fn config(lake: RestCatalogConfig) -> LakeConfig {
    LakeConfig::at(LakeLocation::RestCatalog(Box::new(lake)))
}

async fn written(lake: &Lake, first: i64) -> Vec<DataFile> {
    let batch = rows(TABLE, first, ROWS, |n| MARCH_10 + n % 2 * DAY);
    lake.write(TABLE, batch).await.unwrap()
}

/// Starts a relay to a server, and returns it with a switch. While the switch is set, the next matching request gets
/// the treatment, and no other.
async fn relay_once(url: &str, is_such: fn(&str) -> bool, treatment: Treatment) -> (Relay, Arc<AtomicBool>) {
    let armed = Arc::new(AtomicBool::new(false));
    let is_armed = Arc::clone(&armed);
    let treat = move |line: &str| match is_such(line) && is_armed.swap(false, Ordering::SeqCst) {
        true => treatment,
        false => Treatment::Forward,
    };
    (Relay::start(url, treat).await.unwrap(), armed)
}

/// Counts the rows of the current snapshot, and asserts that no file is listed twice.
async fn count(lake: &Lake) -> u64 {
    let files = lake.files(TABLE).await.unwrap();
    let paths: BTreeSet<_> = files.iter().map(|file| file.file.file_path()).collect();
    assert_eq!(paths.len(), files.len());
    files.iter().map(|file| file.file.record_count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_fold_expire_and_are_read_by_others() {
    const COMMITS: u64 = 40;
    let servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(LakeConfig {
        keep_snapshots: 10,
        ..config(configured(&servers))
    })
    .await
    .unwrap();
    assert_eq!(lake.new_writer().await.unwrap(), 1);
    assert_eq!(lake.new_writer().await.unwrap(), 2);
    for position in 0..COMMITS {
        let files = written(&lake, position as i64 * ROWS as i64).await;
        let wal = WalPosition::new(2, position);
        let commit = lake.append(TABLE, &files, Some(&wal)).await.unwrap();
        assert!(commit.is_some());
        let again = lake.append(TABLE, &files, Some(&wal)).await.unwrap();
        assert_eq!(again, None, "its position is in already");
    }
    assert_eq!(count(&lake).await, COMMITS * ROWS as u64);

    // A compaction, and a process that opens the lake again.
    let again = Lake::open(config(configured(&servers))).await.unwrap();
    assert_eq!(
        again.wal_positions(TABLE).await.unwrap().get(&2),
        Some(&(COMMITS - 1))
    );
    let old = data_files(&again, TABLE).await;
    let new = again.merge(TABLE, &old).await.unwrap();
    assert_eq!(new.len(), 2, "one a day");
    again.replace(TABLE, &old, &new).await.unwrap();
    assert_eq!(count(&lake).await, COMMITS * ROWS as u64);
    assert_eq!(again.new_writer().await.unwrap(), 3);

    let catalog = RestCatalog::connect(&configured(&servers)).await.unwrap();
    let table: RestTable<TableMetadata> = catalog.load(TABLE, None).await.unwrap().flatten().unwrap();
    let snapshots = table.metadata.snapshots().len();
    assert!(snapshots < 10 + 16 + 5, "{snapshots} snapshots stay");
    let manifests = objects(&servers, |name| name.ends_with("-m0.avro")).len();
    assert!(
        manifests < 5 * snapshots,
        "{manifests} manifests for {snapshots} snapshots"
    );

    let read = servers.pyiceberg(TABLE, &[]).await.unwrap();
    assert_eq!(
        read,
        serde_json::json!({ "rows": 400, "distinct": 400, "files": 2 })
    );
}

/// Returns the metadata objects of the table with matching names. MinIO stores each object as a folder.
fn objects(servers: &S3Lake, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let metadata = servers.objects().join("tables/otel").join(TABLE).join("metadata");
    let entries = std::fs::read_dir(metadata).unwrap();
    entries
        .map(Result::unwrap)
        .filter(|entry| is_wanted(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lakes_and_a_third_party_append_at_once() {
    const COMMITS: u64 = 15;
    let servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(config(configured(&servers))).await.unwrap();
    let files = written(&lake, 1 << 40).await;
    lake.append(TABLE, &files, None).await.unwrap();
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let config = config(configured(&servers));
            tokio::spawn(async move {
                let lake = Lake::open(config).await.unwrap();
                let writer = lake.new_writer().await.unwrap();
                for position in 0..COMMITS {
                    let first = (i64::from(writer) << 48) + position as i64 * ROWS as i64;
                    let files = written(&lake, first).await;
                    let wal = WalPosition::new(writer, position);
                    lake.append(TABLE, &files, Some(&wal)).await.unwrap().unwrap();
                }
                writer
            })
        })
        .collect();
    // The script appends the rows that it read under new ids. It tries again if another commit was first.
    let third = servers.pyiceberg(TABLE, &["append"]).await.unwrap();
    let mut numbers = BTreeSet::new();
    for writer in writers {
        numbers.insert(writer.await.unwrap());
    }
    assert_eq!(numbers, BTreeSet::from([1, 2]), "no number is given out twice");
    let positions = lake.wal_positions(TABLE).await.unwrap();
    assert_eq!(
        positions.into_iter().collect::<Vec<_>>(),
        [(1, COMMITS - 1), (2, COMMITS - 1)]
    );
    let read = servers.pyiceberg(TABLE, &[]).await.unwrap();
    let ours = (2 * COMMITS + 1) * ROWS as u64;
    assert_eq!(read["rows"], read["distinct"], "nothing is doubled");
    assert!(
        read["rows"].as_u64().unwrap() > ours,
        "the third party's rows are in"
    );
    assert!(third["rows"].as_u64().unwrap() > 0);
    assert_eq!(count(&lake).await, read["rows"].as_u64().unwrap());
}

/// Compacts until nothing is due. Returns the number of rewrites that were committed, and of those that came second.
async fn compact_all(lake: &Lake) -> (usize, usize) {
    let settings = CompactionSettings::default();
    let pace = Arc::new(Pace::new(100));
    let (mut done, mut late) = (0, 0);
    loop {
        let due = lake.plan_compaction(TABLE, &settings).await.unwrap().groups;
        if due.is_empty() {
            return (done, late);
        }
        for group in due {
            match lake.compact(&group, &settings, &pace).await {
                Ok(_) => done += 1,
                Err(Error::NotCurrent { .. }) => {
                    late += 1;
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_compactors_beside_appends_lose_and_double_nothing() {
    const FILES: i64 = 30;
    let servers = S3Lake::start().await.unwrap();
    let open = async || {
        Lake::open(LakeConfig {
            now_ms: || NEW_YEAR / 1000,
            ..config(configured(&servers))
        })
        .await
        .unwrap()
    };
    let (one, other, writer) = (open().await, open().await, open().await);
    let append = async |number: i64| {
        let files = written(&writer, number * ROWS as i64).await;
        writer.append(TABLE, &files, None).await.unwrap().unwrap();
    };
    for number in 0..FILES {
        append(number).await;
    }
    // Both plan the same files, so that one of them comes second.
    let settings = CompactionSettings::default();
    let plans = [&one, &other].map(|lake| lake.plan_compaction(TABLE, &settings));
    let [of_one, of_other] = futures::future::try_join_all(plans)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    let (pace, beside) = (Arc::new(Pace::new(100)), Arc::new(Pace::new(100)));
    let (first, second, ()) = tokio::join!(
        one.compact(&of_one.groups[0], &settings, &pace),
        other.compact(&of_other.groups[0], &settings, &beside),
        append(FILES),
    );
    let refused: Vec<Error> = [first, second].into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(refused[..], [Error::NotCurrent { missing: 30, .. }]),
        "{refused:?}"
    );

    // Then both work until nothing is due, beside further appends.
    let appends = async {
        for number in FILES + 1..2 * FILES {
            append(number).await;
        }
    };
    let ((done, _), (done_too, _), ()) = tokio::join!(compact_all(&one), compact_all(&other), appends);
    assert!(done + done_too >= 1, "the other day, at least");
    compact_all(&other).await;
    let rows = 2 * FILES as u64 * ROWS as u64;
    assert_eq!(count(&one).await, rows);
    let read = servers.pyiceberg(TABLE, &[]).await.unwrap();
    assert_eq!(
        (&read["rows"], &read["distinct"]),
        (&rows.into(), &rows.into()),
        "{read}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_in_once() {
    let servers = S3Lake::start().await.unwrap();
    let lost = [
        Treatment::LoseRequest,
        Treatment::LoseAnswer,
        Treatment::Answer(503, "busy"),
        Treatment::Answer(409, "another was first"),
        Treatment::Twice,
    ];
    for (round, treatment) in lost.into_iter().enumerate() {
        let is_commit = |line: &str| line.starts_with("POST") && line.contains("/tables/otel_logs");
        let (relay, armed) = relay_once(&servers.catalog_url(), is_commit, treatment).await;
        let lake = Lake::open(config(RestCatalogConfig {
            catalog_uri: Some(relay.url()),
            ..configured(&servers)
        }))
        .await
        .unwrap();
        let files = written(&lake, (round * ROWS) as i64).await;
        let wal = WalPosition::new(1, round as u64);
        armed.store(true, Ordering::SeqCst);
        let commit = lake.append(TABLE, &files, Some(&wal)).await.unwrap();
        assert!(!armed.load(Ordering::SeqCst), "{treatment:?} happened");
        assert_eq!(commit.unwrap().sequence_number, round as i64 + 1, "{treatment:?}");
        assert_eq!(count(&lake).await, ((round + 1) * ROWS) as u64, "{treatment:?}");
        // The files of the successful attempt exist, also for a lake with empty caches.
        let again = Lake::open(config(configured(&servers))).await.unwrap();
        assert_eq!(count(&again).await, ((round + 1) * ROWS) as u64, "{treatment:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_says_slow_down_is_asked_again() {
    let servers = S3Lake::start().await.unwrap();
    let refusals = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let refused = Arc::clone(&refusals);
    let relay = Relay::start(&servers.store_url(), move |line| {
        // Every other upload fails.
        let is_upload = line.starts_with("PUT");
        match is_upload && refused.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            true => Treatment::Answer(503, "<Error><Code>SlowDown</Code><Message>slow</Message></Error>"),
            false => Treatment::Forward,
        }
    })
    .await
    .unwrap();
    let lake = Lake::open(config(RestCatalogConfig {
        s3_endpoint: Some(relay.url()),
        ..configured(&servers)
    }))
    .await
    .unwrap();
    let files = written(&lake, 0).await;
    lake.append(TABLE, &files, None).await.unwrap();
    assert!(
        refusals.load(Ordering::SeqCst) >= 8,
        "two data files, manifest and list, each tried twice"
    );
    assert_eq!(count(&lake).await, ROWS as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let servers = S3Lake::start().await.unwrap();
    let error =
        async |lake: RestCatalogConfig| Lake::open(config(lake)).await.map(drop).unwrap_err().to_string();
    drop(Lake::open(config(configured(&servers))).await.unwrap());

    let nobody = error(RestCatalogConfig {
        catalog_uri: Some("http://127.0.0.1:1".to_owned()),
        ..configured(&servers)
    })
    .await;
    assert!(
        nobody.contains("can't be reached") && nobody.contains("LAKEFRONT_CATALOG_URI"),
        "{nobody}"
    );
    let other = error(RestCatalogConfig {
        catalog_uri: Some(servers.store_url()),
        ..configured(&servers)
    })
    .await;
    assert!(other.contains("LAKEFRONT_CATALOG_"), "{other}");
    let key = error(RestCatalogConfig {
        s3_access_key_id: Some("nobody".to_owned()),
        ..configured(&servers)
    })
    .await;
    assert!(key.contains("LAKEFRONT_S3_ACCESS_KEY_ID"), "{key}");
    let secret = error(RestCatalogConfig {
        s3_secret_access_key: Some("wrong".into()),
        ..configured(&servers)
    })
    .await;
    assert!(secret.contains("LAKEFRONT_S3_SECRET_ACCESS_KEY"), "{secret}");
    let store = error(RestCatalogConfig {
        s3_endpoint: Some("http://127.0.0.1:1".to_owned()),
        ..configured(&servers)
    })
    .await;
    assert!(store.contains("LAKEFRONT_S3_ENDPOINT"), "{store}");
    let refused = Relay::start(&servers.catalog_url(), |_| Treatment::Answer(401, "no"))
        .await
        .unwrap();
    let token = error(RestCatalogConfig {
        catalog_uri: Some(refused.url()),
        ..configured(&servers)
    })
    .await;
    assert!(token.contains("LAKEFRONT_CATALOG_TOKEN"), "{token}");

    let skewed = Relay::start(&servers.store_url(), |_| {
        Treatment::Answer(
            403,
            "<Error><Code>RequestTimeTooSkewed</Code><Message>the difference is too large</Message></Error>",
        )
    })
    .await
    .unwrap();
    let clock = error(RestCatalogConfig {
        s3_endpoint: Some(skewed.url()),
        ..configured(&servers)
    })
    .await;
    assert!(clock.contains("clock"), "{clock}");
    let bucket = error(RestCatalogConfig {
        s3_location: Some("s3://nowhere/tables".to_owned()),
        ..configured(&S3Lake::start().await.unwrap())
    })
    .await;
    assert!(bucket.contains("bucket"), "{bucket}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_is_down_leaves_the_commit_to_be_repeated() {
    let mut servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(config(configured(&servers))).await.unwrap();
    let files = written(&lake, 0).await;
    let wal = WalPosition::new(1, 1);
    servers.stop_catalog();
    let down = lake.append(TABLE, &files, Some(&wal)).await;
    assert!(
        matches!(down, Err(Error::RestCatalog(CatalogError::Unreachable { .. }))),
        "{down:?}"
    );
    servers.start_catalog().await.unwrap();
    lake.append(TABLE, &files, Some(&wal)).await.unwrap().unwrap();
    assert_eq!(count(&lake).await, ROWS as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_for_the_store_come_from_the_catalog() {
    let servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(config(RestCatalogConfig {
        s3_access_key_id: None,
        s3_secret_access_key: None,
        ..configured(&servers)
    }))
    .await
    .unwrap();
    let files = written(&lake, 0).await;
    lake.append(TABLE, &files, None).await.unwrap();
    assert_eq!(count(&lake).await, ROWS as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_store_refuses_are_asked_for_again() {
    let servers = S3Lake::start().await.unwrap();
    let expired = Treatment::Answer(
        403,
        "<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>",
    );
    let is_upload = |line: &str| line.starts_with("PUT");
    let (store, refuse) = relay_once(&servers.store_url(), is_upload, expired).await;
    let catalog = Relay::start(&servers.catalog_url(), |_| Treatment::Forward)
        .await
        .unwrap();
    let lake = Lake::open(config(RestCatalogConfig {
        catalog_uri: Some(catalog.url()),
        s3_endpoint: Some(store.url()),
        s3_access_key_id: None,
        s3_secret_access_key: None,
        ..configured(&servers)
    }))
    .await
    .unwrap();
    let loads = |requests: Vec<String>| {
        requests
            .iter()
            .filter(|line| line.starts_with("GET") && line.contains("/tables/otel_logs"))
            .count()
    };
    let files = written(&lake, 0).await;
    loads(catalog.take_requests());

    // The store refuses requests while data files are written, and in the middle of a commit.
    refuse.store(true, Ordering::SeqCst);
    let batch = rows(TABLE, 100, ROWS, |n| MARCH_10 + n % 2 * DAY);
    lake.write(TABLE, batch).await.unwrap_err();
    let more = written(&lake, 100).await;
    assert_eq!(loads(catalog.take_requests()), 1, "new keys, once");
    lake.append(TABLE, &files, None).await.unwrap();
    refuse.store(true, Ordering::SeqCst);
    lake.append(TABLE, &more, None).await.unwrap_err();
    loads(catalog.take_requests());
    lake.append(TABLE, &more, None).await.unwrap();
    assert!(loads(catalog.take_requests()) >= 1);
    assert_eq!(count(&lake).await, 2 * ROWS as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_vanished_is_named_and_harms_no_other_table() {
    let servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(config(configured(&servers))).await.unwrap();
    let files = written(&lake, 0).await;
    lake.append(TABLE, &files, None).await.unwrap();
    let lists: Vec<_> = objects(&servers, |name| name.starts_with("snap-"));
    for list in &lists {
        std::fs::remove_dir_all(list).unwrap();
    }
    assert!(!lists.is_empty());
    let again = Lake::open(config(configured(&servers))).await.unwrap();
    let more = written(&again, 100).await;
    let error = again.append(TABLE, &more, None).await.unwrap_err().to_string();
    assert!(error.contains("snap-"), "{error}");
    let other = rows("otel_traces", 0, ROWS, |_| MARCH_10);
    let spans = again.write("otel_traces", other).await.unwrap();
    again.append("otel_traces", &spans, None).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_are_exchanged_again_when_their_token_is_refused() {
    let servers = S3Lake::start().await.unwrap();
    let is_other = |line: &str| !line.contains("/oauth/tokens");
    let expired = Treatment::Answer(401, "expired");
    let (relay, armed) = relay_once(&servers.catalog_url(), is_other, expired).await;
    let lake = Lake::open(config(RestCatalogConfig {
        catalog_uri: Some(relay.url()),
        catalog_credential: Some("client:secret".into()),
        catalog_scope: "catalog".to_owned(),
        ..configured(&servers)
    }))
    .await
    .unwrap();
    let tokens = |requests: Vec<String>| {
        requests
            .iter()
            .filter(|line| line.contains("/oauth/tokens"))
            .count()
    };
    assert_eq!(tokens(relay.take_requests()), 1, "one token serves all requests");
    let files = written(&lake, 0).await;
    armed.store(true, Ordering::SeqCst);
    lake.append(TABLE, &files, None).await.unwrap().unwrap();
    assert_eq!(tokens(relay.take_requests()), 1);
    assert_eq!(count(&lake).await, ROWS as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn orphan_files_are_removed() {
    let servers = S3Lake::start().await.unwrap();
    let lake = Lake::open(LakeConfig {
        keep_unreferenced: Duration::ZERO,
        ..config(configured(&servers))
    })
    .await
    .unwrap();
    let files = written(&lake, 0).await;
    lake.append(TABLE, &files, None).await.unwrap();
    let strays = written(&lake, 100).await;
    // The store's modification times are in whole seconds.
    let written = Instant::now();
    let mut removed = 0;
    while removed < strays.len() {
        removed += lake.remove_orphan_files(TABLE).await.unwrap();
        assert!(written.elapsed() < Duration::from_secs(10), "the strays stay");
    }
    assert_eq!(count(&lake).await, ROWS as u64);
    let again = Lake::open(config(configured(&servers))).await.unwrap();
    let paths = data_files(&again, TABLE).await;
    assert_eq!(
        again.merge(TABLE, &paths).await.unwrap().len(),
        2,
        "what is committed can be read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_branches_are_no_orphan_files() {
    let servers = Nessie::start().await.unwrap();
    let catalog = remote(&servers.at());
    let lake = Lake::open(LakeConfig {
        keep_unreferenced: Duration::ZERO,
        ..config(catalog.clone())
    })
    .await
    .unwrap();
    let files = written(&lake, 0).await;
    lake.append(TABLE, &files, None).await.unwrap();
    let uri = catalog.catalog_uri.unwrap().to_string();
    let trees = format!(
        "{}/api/v2/trees",
        uri.trim_end_matches('/').trim_end_matches("/iceberg")
    );
    let token = catalog.catalog_token.unwrap();
    let client = reqwest::Client::new();
    let main = client
        .get(format!("{trees}/main"))
        .bearer_auth(token.expose_secret());
    let main: serde_json::Value =
        serde_json::from_str(&main.send().await.unwrap().text().await.unwrap()).unwrap();
    let branch = client
        .post(format!("{trees}?name=release&type=BRANCH"))
        .bearer_auth(token.expose_secret())
        .header("content-type", "application/json")
        .body(main["reference"].to_string());
    let made = branch.send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    // Files that the other branch may have committed.
    written(&lake, 100).await;
    let written = Instant::now();
    while written.elapsed() < Duration::from_secs(2) {
        assert_eq!(lake.remove_orphan_files(TABLE).await.unwrap(), 0);
    }
    let deleted = client
        .delete(format!(
            "{trees}/release@{}",
            main["reference"]["hash"].as_str().unwrap()
        ))
        .bearer_auth(token.expose_secret());
    let deleted = deleted.send().await.unwrap();
    assert!(deleted.status().is_success(), "{}", deleted.text().await.unwrap());
    let alone = Instant::now();
    while lake.remove_orphan_files(TABLE).await.unwrap() == 0 {
        assert!(alone.elapsed() < Duration::from_secs(10), "the files stay");
    }
}

/// Nessie requires a token, vends keys that expire, and returns only the current snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_with_tokens_temporary_keys_and_no_history() {
    const COMMITS: u64 = 12;
    let servers = Nessie::start().await.unwrap();
    let configured = || remote(&servers.at());
    let refused = Lake::open(config(RestCatalogConfig {
        catalog_token: Some("another".into()),
        ..configured()
    }))
    .await
    .map(drop)
    .unwrap_err()
    .to_string();
    assert!(refused.contains("LAKEFRONT_CATALOG_TOKEN"), "{refused}");

    let lake = Lake::open(config(configured())).await.unwrap();
    let other = Lake::open(config(configured())).await.unwrap();
    let append = async |lake: Lake| {
        let writer = lake.new_writer().await.unwrap();
        for position in 0..COMMITS {
            let first = (i64::from(writer) << 48) + position as i64 * ROWS as i64;
            let files = written(&lake, first).await;
            let wal = WalPosition::new(writer, position);
            lake.append(TABLE, &files, Some(&wal)).await.unwrap().unwrap();
            let again = lake.append(TABLE, &files, Some(&wal)).await.unwrap();
            assert_eq!(again, None, "its position is in already");
        }
        writer
    };
    let (one, two) = tokio::join!(append(lake.clone()), append(other));
    assert_ne!(one, two);
    let rows = 2 * COMMITS * ROWS as u64;
    assert_eq!(count(&lake).await, rows);
    let old = data_files(&lake, TABLE).await;
    let new = lake.merge(TABLE, &old).await.unwrap();
    lake.replace(TABLE, &old, &new).await.unwrap();
    let read = servers.pyiceberg(TABLE).await.unwrap();
    assert_eq!(
        read,
        serde_json::json!({ "rows": rows, "distinct": rows, "files": 2 })
    );
}
