//! The lease on a ClickHouse, which lets one sync at a time write to it.
//!
//! A lease is a table, `otel.lease_<number>`, whose comment names its holder. The number is the fencing token, and the
//! highest number is valid. `CREATE TABLE` is atomic and includes the comment. One of several contenders therefore gets
//! a number, and every lease has a holder. A successor creates the next number, drops the tables of all lower ones,
//! and kills the running statements of their holders ([`Fence::kill_others`]). The successor writes only after that.
//!
//! Every writing statement of a holder checks that the holder's table still exists: see [`Target`]. A holder that was
//! frozen for longer than the lease's term therefore finds that it has lost the lease, however late it resumes.
//!
//! `otel.lease` has a row for each number: the holder, its state, and the time of its last heartbeat by the server's
//! clock. A holder that works renews its row every few seconds. A holder without work keeps the lease, and only renews
//! its row and the coverage's time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::clickhouse::{Fence, Target};
use crate::error::{Error, Result};
use lakefront_clickhouse_http::literal;

/// Times of a lease. All processes that write to one ClickHouse must use the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTerms {
    /// Time since the last renewal of its row after which another sync may take the lease over.
    pub expires_after: Duration,
}

impl LeaseTerms {
    /// Returns the interval at which a working holder renews its row.
    fn heartbeat(self) -> Duration {
        self.expires_after / 4
    }

    /// Returns the interval at which an idle holder renews its row, together with the coverage's time.
    pub fn idle_heartbeat(self) -> Duration {
        self.expires_after / 3
    }

    /// Returns the interval at which a waiting sync checks a lease that another sync holds.
    fn poll_interval(self) -> Duration {
        self.heartbeat().min(Duration::from_millis(500))
    }
}

/// The state of a lease's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderState {
    /// The holder writes.
    Working,
    /// The holder has no work. Another sync that has work may take the lease over at once.
    Resting,
    /// The holder released the lease.
    Free,
}

impl HolderState {
    /// Returns the name of the state in `otel.lease`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Resting => "resting",
            Self::Free => "free",
        }
    }
}

/// The highest lease, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseStatus {
    /// The name of the holder.
    pub holder: String,
    /// The last state that the holder wrote.
    pub state: HolderState,
    /// Time since the holder wrote that state.
    pub silent: Duration,
}

impl LeaseStatus {
    /// Returns true if `own` may take the lease over. `waits` is true if `own` has work that a caller waits for.
    fn may_be_taken_over(&self, own: &str, waits: bool, terms: LeaseTerms) -> bool {
        match self.state {
            HolderState::Free => true,
            // The holder is this sync: releasing the lease failed at the end of the last round.
            _ if self.holder == own => true,
            HolderState::Resting if waits => true,
            HolderState::Resting | HolderState::Working => self.silent >= terms.expires_after,
        }
    }
}

/// The right to write to a ClickHouse. The right ends when another sync takes the lease over; the next statement
/// reports that.
#[derive(Debug)]
pub struct Lease {
    target: Target,
    number: u64,
    holder: String,
    terms: LeaseTerms,
    heartbeat_task: Mutex<Option<JoinHandle<()>>>,
}

impl Lease {
    /// Acquires the lease. Waits up to `patience` for another holder to rest, release the lease or expire.
    ///
    /// `holder` is a name that is unique to this sync. A sync may acquire its own lease again.
    ///
    /// # Errors
    /// [`Error::Busy`] when another sync still holds the lease.
    pub async fn acquire(
        target: &Target,
        holder: &str,
        patience: Duration,
        terms: LeaseTerms,
    ) -> Result<Self> {
        let started = Instant::now();
        loop {
            let (number, status) = read_status(target).await?;
            let waits = !patience.is_zero();
            match status {
                Some(status) if !status.may_be_taken_over(holder, waits, terms) => {
                    if started.elapsed() >= patience {
                        return Err(Error::Busy {
                            target: target.name().to_owned(),
                            holder: status.holder,
                            silent: status.silent,
                        });
                    }
                    tokio::time::sleep(terms.poll_interval()).await;
                }
                _ => {
                    if let Some(lease) = Self::create(target, holder, number + 1, terms).await? {
                        return Ok(lease);
                    }
                }
            }
        }
    }

    /// Creates the lease with this number. Returns `None` if another sync created it, or a higher one, first.
    async fn create(target: &Target, holder: &str, number: u64, terms: LeaseTerms) -> Result<Option<Self>> {
        let table = table(number);
        let sql = format!(
            "CREATE TABLE otel.{table} (holder String, renewed DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY renewed \
             COMMENT {}",
            literal(holder)
        );
        match target.execute("create the lease", &sql).await {
            Ok(()) => {}
            Err(error) if error.is_existing_table() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let numbers = numbers(target).await?;
        if numbers.iter().any(|other| *other > number) {
            drop_lease(target, number).await?;
            return Ok(None);
        }
        // Earlier versions of sync read the holder from this table.
        let sql = format!("INSERT INTO otel.{table} SELECT {}, now64(6)", literal(holder));
        target.execute("write the lease", &sql).await?;
        target.execute("create otel.lease", HEARTBEAT_TABLE).await?;
        let fence = Arc::new(Fence::new(table, number, holder));
        let lease = Self {
            target: target.fenced(Arc::clone(&fence)),
            number,
            holder: holder.to_owned(),
            terms,
            heartbeat_task: Mutex::default(),
        };
        lease.resume().await?;
        for lower in numbers.into_iter().filter(|other| *other < number) {
            drop_lease(target, lower).await?;
        }
        fence.kill_others(&lease.target).await?;
        Ok(Some(lease))
    }

    /// Returns the ClickHouse, for statements under this lease.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Marks the holder as working, and starts its heartbeat.
    ///
    /// # Errors
    /// When another sync has taken the lease over, or ClickHouse fails.
    pub async fn resume(&self) -> Result<()> {
        self.write_state(HolderState::Working).await?;
        let heartbeat_task = tokio::spawn(renew_periodically(
            self.target.clone(),
            self.number,
            self.holder.clone(),
            self.terms,
        ));
        self.set_heartbeat_task(Some(heartbeat_task));
        Ok(())
    }

    /// Marks the holder as resting, and ends its heartbeat. If the write fails, the lease expires.
    pub async fn rest(&self) {
        self.end(HolderState::Resting).await;
    }

    /// Releases the lease. If the write fails, the lease expires.
    pub async fn release(&self) {
        self.end(HolderState::Free).await;
    }

    async fn end(&self, state: HolderState) {
        self.set_heartbeat_task(None);
        match self.write_state(state).await {
            Err(error) if !error.is_lease_lost() => {
                tracing::warn!(%error, "the lease stays until it expires");
            }
            _ => {}
        }
    }

    async fn write_state(&self, state: HolderState) -> Result<()> {
        write_state(&self.target, self.number, &self.holder, state).await
    }

    fn set_heartbeat_task(&self, task: Option<JoinHandle<()>>) {
        let mut heartbeat_task = self.heartbeat_task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *heartbeat_task, task) {
            old.abort();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.set_heartbeat_task(None);
    }
}

/// The table of heartbeats. The newest row of each lease is valid.
const HEARTBEAT_TABLE: &str = "CREATE TABLE IF NOT EXISTS otel.lease \
    (number UInt64, holder String, state LowCardinality(String), renewed DateTime64(6, 'UTC')) \
    ENGINE = ReplacingMergeTree(renewed) ORDER BY number TTL toDate(renewed) + INTERVAL 90 DAY";
const PREFIX: &str = "lease_";

fn table(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// Returns SQL for the time since a `DateTime64(6)`, in microseconds.
fn age(since: &str) -> String {
    format!("toUnixTimestamp64Micro(now64(6)) - toUnixTimestamp64Micro({since})")
}

fn from_micros(age: i64) -> Duration {
    Duration::from_micros(u64::try_from(age).unwrap_or_default())
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Returns the numbers of all existing leases.
async fn numbers(target: &Target) -> Result<Vec<u64>> {
    let sql = "SELECT name FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')";
    let names: Vec<String> = target.fetch_all("look for the lease", sql).await?;
    Ok(names.iter().filter_map(|name| number_of(name)).collect())
}

/// Returns the number of the highest lease and its state, or 0 and `None` without a lease.
///
/// # Errors
/// When ClickHouse fails.
pub async fn read_status(target: &Target) -> Result<(u64, Option<LeaseStatus>)> {
    let sql = format!(
        "SELECT name, comment, {} FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')",
        age("toDateTime64(metadata_modification_time, 6, 'UTC')")
    );
    let tables: Vec<(String, String, i64)> = target.fetch_all("look for the lease", &sql).await?;
    let highest = tables
        .into_iter()
        .filter_map(|(name, comment, age)| Some((number_of(&name)?, comment, age)))
        .max();
    let Some((number, comment, created)) = highest else {
        return Ok((0, None));
    };
    if let Some(status) = row(target, number).await? {
        return Ok((number, Some(status)));
    }
    if let Some(status) = row_of_earlier_version(target, number).await? {
        return Ok((number, Some(status)));
    }
    // The holder was killed before its first row, or is about to write it.
    let holder = match comment.is_empty() {
        true => "an earlier version of sync".to_owned(),
        false => comment,
    };
    let status = LeaseStatus {
        holder,
        state: HolderState::Working,
        silent: from_micros(created),
    };
    Ok((number, Some(status)))
}

async fn row(target: &Target, number: u64) -> Result<Option<LeaseStatus>> {
    let sql = format!(
        "SELECT holder, toString(state), {} FROM otel.lease WHERE number = {number} ORDER BY renewed DESC LIMIT 1",
        age("renewed")
    );
    let rows: Vec<(String, String, i64)> = match target.fetch_all("read the lease", &sql).await {
        Err(error) if error.is_unknown_table() => Vec::new(),
        rows => rows?,
    };
    Ok(rows.into_iter().next().map(|(holder, name, age)| {
        let states = [HolderState::Working, HolderState::Resting, HolderState::Free];
        let state = states.into_iter().find(|state| state.name() == name);
        LeaseStatus {
            holder,
            state: state.unwrap_or(HolderState::Working),
            silent: from_micros(age),
        }
    }))
}

/// Reads the heartbeat that earlier versions kept in the lease's own table. A released lease has an empty holder there.
async fn row_of_earlier_version(target: &Target, number: u64) -> Result<Option<LeaseStatus>> {
    let sql = format!(
        "SELECT holder, {} FROM otel.{} ORDER BY renewed DESC LIMIT 1",
        age("renewed"),
        table(number)
    );
    let rows: Vec<(String, i64)> = match target.fetch_all("read the lease", &sql).await {
        // A successor has dropped the table since.
        Err(error) if error.is_unknown_table() => Vec::new(),
        rows => rows?,
    };
    Ok(rows.into_iter().next().map(|(holder, age)| LeaseStatus {
        state: match holder.is_empty() {
            true => HolderState::Free,
            false => HolderState::Working,
        },
        holder,
        silent: from_micros(age),
    }))
}

async fn renew_periodically(target: Target, number: u64, holder: String, terms: LeaseTerms) {
    loop {
        tokio::time::sleep(terms.heartbeat()).await;
        match write_state(&target, number, &holder, HolderState::Working).await {
            Ok(()) => {}
            // The current or next statement of the round reports the lost lease.
            Err(error) if error.is_lease_lost() => return,
            Err(error) => tracing::warn!(%error, "a heartbeat did not get through"),
        }
    }
}

async fn write_state(target: &Target, number: u64, holder: &str, state: HolderState) -> Result<()> {
    let sql = format!(
        "INSERT INTO otel.lease SELECT {number}, {}, '{}', now64(6)",
        literal(holder),
        state.name()
    );
    Ok(target.insert_select("renew the lease", &sql, &Vec::new()).await?)
}

async fn drop_lease(target: &Target, number: u64) -> Result<()> {
    let sql = format!("DROP TABLE IF EXISTS otel.{} SYNC", table(number));
    Ok(target.execute("drop an old lease", &sql).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: LeaseTerms = LeaseTerms {
        expires_after: Duration::from_secs(15),
    };

    #[test]
    fn a_lease_is_followed_when_it_is_free_or_its_holder_silent() {
        let followed = |state, seconds, own: &str, waits| {
            let status = LeaseStatus {
                holder: "other".into(),
                state,
                silent: Duration::from_secs(seconds),
            };
            status.may_be_taken_over(own, waits, TERMS)
        };
        assert!(followed(HolderState::Free, 0, "me", false));
        assert!(followed(HolderState::Working, 1, "other", false), "its own");
        assert!(!followed(HolderState::Working, 14, "me", true));
        assert!(followed(HolderState::Working, 15, "me", false));
        assert!(
            !followed(HolderState::Resting, 14, "me", false),
            "there is nothing to do"
        );
        assert!(followed(HolderState::Resting, 0, "me", true), "somebody waits");
        assert!(followed(HolderState::Resting, 15, "me", false));
    }

    #[test]
    fn a_holder_speaks_more_than_twice_before_its_lease_expires() {
        assert!(TERMS.heartbeat() * 3 < TERMS.expires_after);
        assert!(TERMS.idle_heartbeat() * 2 < TERMS.expires_after);
    }
}
