//! The data files of a table that its current snapshot does not have: those of older snapshots, and those that no
//! snapshot reaches.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_schema::SchemaRef;
use iceberg::spec::{TableMetadata, TableMetadataBuilder};

use super::{Proof, count, keys, rows_of};
use crate::commit::{ATTEMPTS, backoff, change_metadata};
use crate::committed_table::CommitOutcome;
use crate::erasure::condition::Condition;
use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::time::millis;
use crate::{current_files, location, manifest_list, manifests, retention, unreachable_files, version_hint};

/// The number of snapshots that expired, and of data files that were deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Removed {
    pub snapshots: usize,
    pub files: usize,
}

/// Deletes the data files with selected rows that the current snapshot does not have, and expires the snapshots that
/// reach them. Snapshots whose files are gone already expire too: a run was killed in between.
///
/// A file that no snapshot reaches may belong to a commit under way. It stays until it is too old for that.
pub(super) async fn remove(
    table: &Arc<OpenTable>,
    condition: &Condition,
    schema: &SchemaRef,
) -> Result<Removed> {
    let name = table.definition.name;
    let mut removed = Removed::default();
    // A data file never changes, so that each is read once.
    let mut counts: HashMap<String, u64> = HashMap::new();
    for attempt in 0..ATTEMPTS {
        // The metadata is read before the store is listed: its files are on the list unless they are gone.
        let state = current_files::read(table).await?;
        let base = table.committed().await?;
        if base.location != state.location {
            continue;
        }
        let current = keys(&state.files);
        let reached = reached(table, &base.metadata).await?;
        let mut others = on_store(table).await?;
        let present: HashSet<String> = others.keys().cloned().collect();
        let folder = format!("{}/data/", location::key(&table.location));
        let is_missing = |key: &str| key.starts_with(&folder) && !present.contains(key);
        // Another writer may have put files elsewhere.
        let elsewhere = reached
            .files
            .values()
            .flatten()
            .filter(|(key, _)| !key.starts_with(&folder));
        others.extend(elsewhere.cloned());
        others.retain(|key, _| !current.contains(key));

        let unread: Vec<(&String, &String)> = others
            .iter()
            .filter(|(key, _)| !counts.contains_key(*key))
            .collect();
        let locations = unread.iter().map(|(_, location)| (*location).clone()).collect();
        let read = count(table, condition, schema, locations).await?;
        let read = unread
            .into_iter()
            .zip(read)
            .map(|((key, _), count)| (key.clone(), count.unwrap_or_default()));
        counts.extend(read.collect::<Vec<_>>());
        let has_rows = |key: &str| counts.get(key).is_some_and(|count| *count > 0);

        let is_bad =
            |files: &Vec<(String, String)>| files.iter().any(|(key, _)| has_rows(key) || is_missing(key));
        let bad = reached.files.iter().filter(|(_, files)| is_bad(files));
        let bad: HashSet<&str> = bad.map(|(manifest, _)| manifest.as_str()).collect();
        let expired: HashSet<i64> = reached
            .snapshots
            .iter()
            .filter(|(id, _)| Some(**id) != base.metadata.current_snapshot_id())
            .filter(|(_, manifests)| manifests.iter().any(|manifest| bad.contains(manifest.as_str())))
            .map(|(id, _)| *id)
            .collect();
        let of_snapshots: HashSet<&str> = reached
            .files
            .values()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        let old = too_old_to_be_committed(table).await?;
        let is_due = |key: &str| has_rows(key) && (of_snapshots.contains(key) || old.contains(key));
        let deleted = others
            .iter()
            .filter(|(key, _)| is_due(key) && (!key.starts_with(&folder) || present.contains(*key)));
        let deleted: Vec<String> = deleted.map(|(_, location)| location.clone()).collect();
        if deleted.is_empty() && expired.is_empty() {
            return Ok(removed);
        }
        let references = retention::references(&base.metadata)?;
        let is_expired = |id: i64| expired.contains(&id);
        let kept = references
            .iter()
            .find(|(name, reference)| is_expired(reference.snapshot_id) && !retention::is_own(name));
        let kept = match kept {
            Some((name, _)) => Some(format!("the reference `{name}`")),
            None if !deleted.is_empty() && table.catalog.has_other_references().await? => {
                Some("another branch or tag of the catalog".to_owned())
            }
            None => None,
        };
        if let Some(reference) = kept {
            return Err(Error::Kept {
                table: name.to_owned(),
                reference,
            });
        }
        // The files go first. A run that is killed before the snapshots expire is recognised by what is missing.
        removed.files += deleted.len();
        table.storage.delete(deleted).await;
        if expired.is_empty() {
            return Ok(removed);
        }
        let untagged = references
            .iter()
            .filter(|(_, reference)| is_expired(reference.snapshot_id));
        let ids: Vec<i64> = expired.iter().copied().collect();
        let change = |builder: TableMetadataBuilder| {
            let builder = untagged.fold(builder, |builder, (name, _)| builder.remove_ref(name));
            Ok(builder.remove_snapshots(&ids))
        };
        let result = change_metadata(table, &base, change).await?;
        let mut cached = table.committed.lock().await;
        match table.catalog.commit(name, &base, result).await? {
            CommitOutcome::Committed(after) => {
                version_hint::publish_commit(table).await;
                unreachable_files::delete(table, &base.metadata, &after.metadata).await;
                *cached = Some(*after);
                removed.snapshots += expired.len();
                return Ok(removed);
            }
            // The next look finds out what is left.
            CommitOutcome::Conflict => {}
            CommitOutcome::Unknown(error) => {
                tracing::warn!(table = name, %error, "asking the catalog whether snapshots have expired");
            }
        }
        *cached = None;
        drop(cached);
        tokio::time::sleep(backoff(attempt)).await;
    }
    Err(Error::Conflict {
        table: name.to_owned(),
        attempts: ATTEMPTS,
    })
}

/// Reads every data file on the store, and those of the current snapshot that are elsewhere.
pub(super) async fn read_all(
    table: &Arc<OpenTable>,
    condition: &Condition,
    schema: &SchemaRef,
) -> Result<Proof> {
    let mut files = on_store(table).await?;
    // Read after the files, so that a file that was committed meanwhile counts as current.
    let state = current_files::read(table).await?;
    let current = keys(&state.files);
    files.extend(state.files.iter().map(|file| with_key(file.file.file_path())));
    let locations = files.values().cloned().collect();
    let counts = count(table, condition, schema, locations).await?;
    let mut proof = Proof {
        rows: rows_of(&state.files),
        ..Proof::default()
    };
    for ((key, location), count) in files.into_iter().zip(counts) {
        let Some(count) = count else { continue };
        proof.files += 1;
        if current.contains(&key) {
            proof.selected += count;
        } else if count > 0 {
            proof.uncommitted.push(location);
        }
    }
    Ok(proof)
}

/// Returns the key of a location, and the location; see [`location::key`].
fn with_key(location: &str) -> (String, String) {
    (location::key(location).to_owned(), location.to_owned())
}

/// Returns the locations of the data files on the store, by key.
async fn on_store(table: &OpenTable) -> Result<BTreeMap<String, String>> {
    // The clock of a store may be ahead.
    files_before(table, SystemTime::now() + Duration::from_secs(24 * 3600)).await
}

/// Returns the keys of the data files that are too old to belong to a commit under way.
async fn too_old_to_be_committed(table: &OpenTable) -> Result<HashSet<String>> {
    let bound = (table.config.now_ms)().saturating_sub(millis(table.config.keep_unreferenced));
    let bound = UNIX_EPOCH + Duration::from_millis(u64::try_from(bound).unwrap_or_default());
    Ok(files_before(table, bound).await?.into_keys().collect())
}

async fn files_before(table: &OpenTable, bound: SystemTime) -> Result<BTreeMap<String, String>> {
    let folder = format!("{}/data", table.location);
    let files = table.storage.files_before(&folder, bound).await?;
    let data = files.iter().filter(|file| file.ends_with(".parquet"));
    Ok(data.map(|file| with_key(file)).collect())
}

/// The files that snapshots reach.
#[derive(Default)]
struct Reached {
    /// The manifests of each snapshot, by its id.
    snapshots: HashMap<i64, Vec<String>>,
    /// The keys and locations of the data files in each manifest, by the manifest's location.
    files: HashMap<String, Vec<(String, String)>>,
}

async fn reached(table: &OpenTable, metadata: &TableMetadata) -> Result<Reached> {
    let file_io = table.storage.file_io();
    let mut reached = Reached::default();
    for snapshot in metadata.snapshots() {
        let mut manifests = Vec::new();
        for manifest in manifest_list::read(file_io, metadata, snapshot.manifest_list()).await? {
            let path = manifest.manifest_path.clone();
            if !reached.files.contains_key(&path) {
                let entries = manifests::live_entries(file_io, &manifest).await?;
                let files = entries.iter().map(|entry| with_key(entry.file_path()));
                reached.files.insert(path.clone(), files.collect());
            }
            manifests.push(path);
        }
        reached.snapshots.insert(snapshot.snapshot_id(), manifests);
    }
    Ok(reached)
}
