//! The writer numbers under which this log is committed, one for each lake, and the sessions that wrote the log.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use lakefront_lake::{
    Session, WalMark,
    files::{self, Durability},
};
use serde::{Deserialize, Serialize};

use super::shared::CHECKPOINT_FILE;
use crate::error::WalError;

/// Number of sessions that a mark names. As many are kept even if no table names them.
const SESSIONS: usize = 8;

/// Number of writer numbers that are kept. Rows of older ones have left the log.
const NUMBERS: usize = 16;

/// Exclusive use of a log's folder. The lock ends with the process, however the process ends.
pub struct FolderLock {
    _file: File,
    folder: PathBuf,
}

/// A writer number of this log in one lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// From 1 to 32,767: the high 16 bits of each `RowId`, so that the `RowId` is positive.
    pub writer: u16,
    /// The lake's identifier. `None` for a number of an earlier version until the number is first used.
    pub lake: Option<String>,
    /// The sessions, that is runs of the program, that wrote the log under this number, oldest first.
    pub sessions: Vec<Session>,
}

impl FolderLock {
    /// Creates the folder if it does not exist, and locks it.
    ///
    /// # Errors
    /// Returns an error if another process holds the lock, or the folder cannot be written.
    pub fn acquire(folder: &Path) -> Result<Self, WalError> {
        let failed = |doing, source| WalError::Io {
            doing,
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(|source| failed("create", source))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(|source| failed("lock", source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                folder: folder.to_owned(),
            }),
            Err(TryLockError::WouldBlock) => Err(WalError::Locked {
                folder: folder.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed("lock", source)),
        }
    }

    /// Reads the writer numbers that are kept in the folder, the current one last. A new log has none.
    ///
    /// An earlier version kept a single number without its lake.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or has other content.
    pub fn identities(&self) -> Result<Vec<Identity>, WalError> {
        let path = self.identities_path();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                return Err(WalError::Io {
                    doing: "read",
                    path,
                    source,
                });
            }
        };
        let identities = match text.trim().parse() {
            Ok(writer) => Some(vec![Identity {
                writer,
                lake: None,
                sessions: Vec::new(),
            }]),
            Err(_) => serde_json::from_str(&text).ok(),
        };
        let is_number = |identity: &Identity| (1..=Identity::MAX).contains(&identity.writer);
        identities
            .filter(|all: &Vec<Identity>| all.iter().all(is_number))
            .ok_or(WalError::Identity { path })
    }

    /// Returns the path of the file with the writer numbers.
    pub fn identities_path(&self) -> PathBuf {
        self.folder.join("writer")
    }

    /// Returns the last position that was in all tables when the log was last released; 0 if that is not known.
    pub fn released(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join(CHECKPOINT_FILE)).unwrap_or_default();
        text.parse().unwrap_or(0)
    }
}

impl Identity {
    /// The highest writer number.
    pub const MAX: u16 = i16::MAX as u16;

    /// Returns the `RowId` of a log position.
    pub fn row_id(writer: u16, position: u64) -> i64 {
        (i64::from(writer) << 48) | position as i64
    }

    /// Begins a session with a log whose next position is `first`.
    ///
    /// Drops old sessions that none of the marks names. The next session takes over their first position. Rows
    /// which a copy of the log wrote since that position then count as the copy's own.
    pub fn begin_session(&mut self, first: u64, marks: &[WalMark]) {
        let is_named = |session: &Session| {
            let named = |mark: &WalMark| {
                let last = mark.sessions.last();
                last.is_some_and(|last| last.token == session.token)
            };
            marks.iter().any(named)
        };
        let recent = self.sessions.len().saturating_sub(SESSIONS - 1);
        let mut kept: Vec<Session> = Vec::new();
        let mut forgotten = None;
        for (index, session) in self.sessions.iter().enumerate() {
            if index < recent && !is_named(session) {
                forgotten.get_or_insert(session.first);
                continue;
            }
            let first = forgotten.take().unwrap_or(session.first);
            kept.push(Session { first, ..*session });
        }
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        kept.push(Session {
            token: high ^ low,
            first,
        });
        self.sessions = kept;
    }

    /// Returns the mark of a table that contains this log's rows up to `position`.
    pub fn mark(&self, position: u64) -> WalMark {
        let from = self.sessions.len().saturating_sub(SESSIONS);
        WalMark {
            position,
            sessions: self.sessions[from..].to_vec(),
        }
    }

    /// Returns the last position of this log that a table with that mark contains; 0 if that is not known.
    ///
    /// A copy of the log's folder shares the rows that were written before the folder was copied. The shared part ends
    /// where the log or its copy began its next session.
    pub fn committed(&self, mark: &WalMark) -> u64 {
        if mark.sessions.is_empty() {
            // An earlier version wrote the mark: before the first session, or for another log.
            let first = self.sessions.first().map_or(u64::MAX, |session| session.first);
            return if mark.position < first { mark.position } else { 0 };
        }
        let shared = mark
            .sessions
            .iter()
            .enumerate()
            .rev()
            .find_map(|(theirs, session)| {
                let ours = self.sessions.iter().position(|own| own.token == session.token)?;
                Some((theirs, ours))
            });
        let Some((theirs, ours)) = shared else { return 0 };
        [mark.sessions.get(theirs + 1), self.sessions.get(ours + 1)]
            .into_iter()
            .flatten()
            .map(|next| next.first.saturating_sub(1))
            .fold(mark.position, u64::min)
    }

    /// Returns true if this log set the mark, and neither a copy of this log nor another log did.
    pub fn made(&self, mark: &WalMark) -> bool {
        let by_own_session = match mark.sessions.last() {
            Some(last) => self.sessions.iter().any(|own| own.token == last.token),
            None => true,
        };
        by_own_session && self.committed(mark) == mark.position
    }
}

/// Writes the writer numbers of a log to its file, the current one last.
pub fn keep_identities(path: &Path, identities: &[Identity]) -> Result<(), WalError> {
    let from = identities.len().saturating_sub(NUMBERS);
    serde_json::to_vec(&identities[from..])
        .map_err(io::Error::from)
        .and_then(|text| files::replace(path, &text, Durability::Synced))
        .map_err(|source| WalError::Io {
            doing: "write",
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(sessions: &[(u64, u64)]) -> Identity {
        Identity {
            writer: 1,
            lake: None,
            sessions: mark(0, sessions).sessions,
        }
    }

    fn mark(position: u64, sessions: &[(u64, u64)]) -> WalMark {
        let session = |&(token, first): &(u64, u64)| Session { token, first };
        WalMark {
            position,
            sessions: sessions.iter().map(session).collect(),
        }
    }

    #[test]
    fn a_mark_shows_what_of_this_log_a_table_holds() {
        // The third session of a log: the second began at 11, the third at 21.
        let log = identity(&[(1, 1), (2, 11), (3, 21)]);
        let own = [
            mark(5, &[(1, 1)]),
            mark(20, &[(1, 1), (2, 11)]),
            mark(90, &[(1, 1), (2, 11), (3, 21)]),
            // A mark from before logs had sessions.
            mark(0, &[]),
        ];
        for mark in own {
            assert_eq!(log.committed(&mark), mark.position, "{mark}");
            assert!(log.made(&mark), "{mark}");
        }
        for (mark, committed) in [
            // The second session went on after the folder was copied; this log is the copy.
            (mark(25, &[(1, 1), (2, 11)]), 20),
            // A copy that was made when this session was at 30, and a copy that committed no more than both have.
            (mark(50, &[(2, 11), (3, 21), (4, 31)]), 30),
            (mark(25, &[(2, 11), (3, 21), (4, 31)]), 25),
            // A copy of the log at position 15 of its second session, which was restarted since.
            (mark(50, &[(1, 1), (2, 11), (4, 16), (5, 40)]), 15),
            // Marks of other logs.
            (mark(50, &[(7, 1)]), 0),
            (mark(50, &[]), 0),
        ] {
            assert_eq!(log.committed(&mark), committed, "{mark}");
            assert!(!log.made(&mark), "{mark}");
        }
    }

    #[test]
    fn old_sessions_are_forgotten_unless_a_table_names_them() {
        let mut log = identity(&[]);
        let mut marks = Vec::new();
        for run in 0..40 {
            log.begin_session(run * 10 + 1, &marks);
            if run == 3 {
                marks.push(log.mark(35));
            }
        }
        assert_eq!(log.sessions.len(), SESSIONS + 1);
        assert!(log.made(&marks[0]));
        assert_eq!(
            log.sessions[1].first, 41,
            "sessions without a mark may be of a copy"
        );
        assert_eq!(log.mark(400).sessions.len(), SESSIONS);
    }
}
