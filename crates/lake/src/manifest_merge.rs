//! Chooses the manifests that a commit rewrites, so that a reader opens at most five after any number of commits.
//!
//! Planning a query takes chDB about 3 ms a manifest, however many files it lists. There are two groups of manifests. A
//! **closed** one holds only files of days before yesterday, which compaction has done with. All others are **open**.
//! A group of few files has one manifest, which each commit to it writes anew. A larger one has a large and a small manifest.
//!
//! A commit adds one open manifest, which is merged with the small one. The merge takes the large one too once that has at most
//! the square of its files. So a commit rewrites about `1.5 * sqrt(n)` entries of a group with `n` files: 200 of the 17,000 files of
//! two days where nothing compacts the lake.
//!
//! The result of a merge is split, so that files of closed days leave the open group.

/// Most manifests of a group after a commit. A commit that splits a merge leaves one more closed manifest until the next.
pub(crate) const MAX_OF_GROUP: usize = 2;
/// Most files of a group with one manifest. A compacted lake has some 60 files of two days. The entries of a manifest of this size are
/// cached, so that it is not read.
pub(crate) const ONE_MANIFEST: usize = 256;
/// A closed manifest of so many files is full: it is never rewritten for more. It bounds the time of a commit and its memory
/// where nothing compacts the lake, which then has 8,640 files a day.
const FULL: usize = 20_000;

/// Returns true if files of a day are in the closed group. Both arguments are days since 1970-01-01 UTC.
pub(crate) fn is_closed(day: i32, today: i32) -> bool {
    day < today - 1
}

/// The facts about a manifest that the manifest list holds, so that the manifest need not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ManifestStats {
    /// Number of live files.
    pub files: usize,
    /// First partition, in days since 1970-01-01 UTC.
    pub from: i32,
    /// Last partition, in days since 1970-01-01 UTC.
    pub to: i32,
}

/// Returns the indices of the manifests that a commit merges, in order, if it adds `added` files. It splits the merge into
/// an open and a closed manifest.
pub(crate) fn plan(manifests: &[ManifestStats], added: usize, today: i32) -> Vec<usize> {
    // A manifest without live files is dropped, see `merge_manifests`.
    let listed = (0..manifests.len()).filter(|index| manifests[*index].files > 0);
    let (mut closed, open): (Vec<usize>, Vec<usize>) =
        listed.partition(|index| is_closed(manifests[*index].to, today));
    closed.retain(|index| manifests[*index].files < FULL);
    let mut merged = smallest(manifests, open, added);
    merged.extend(smallest(manifests, closed, 0));
    merged.sort_unstable();
    merged
}

/// Returns the manifests of a group that are merged with `added` files, so that the group has no more than it may have.
fn smallest(manifests: &[ManifestStats], mut group: Vec<usize>, added: usize) -> Vec<usize> {
    let new = usize::from(added > 0);
    let all: usize = group.iter().map(|index| manifests[*index].files).sum();
    let most = if all + added <= ONE_MANIFEST {
        1
    } else {
        MAX_OF_GROUP
    };
    if group.len() + new <= most {
        return Vec::new();
    }
    group.sort_by_key(|index| manifests[*index].files);
    // Merging n manifests leaves one.
    let surplus = group.len() + 1 - most;
    let mut files = added;
    let mut merged = Vec::new();
    for (taken, index) in group.into_iter().enumerate() {
        if taken >= surplus && manifests[index].files > files.saturating_mul(files) {
            break;
        }
        files += manifests[index].files;
        merged.push(index);
    }
    merged
}

#[cfg(test)]
#[path = "manifest_merge_tests.rs"]
mod tests;
