//! The lease on a ClickHouse: one sync at a time writes to it.
//!
//! The lease is a table, `otel.lease_<number>`, whose comment names its holder. Its number is the fencing token, and the highest one
//! counts. Creating a table is atomic and the comment comes with it, so one of several contenders gets a number, and no lease is
//! without a holder. A successor creates the next number, drops the tables of all lower ones, ends the statements that their holders
//! left behind (`KILL QUERY`), and only then begins.
//!
//! Every statement of a holder that writes checks that its own table is still there: see [`Target`]. A holder that was frozen for
//! longer than the lease therefore finds that it is none any more, however late it wakes up.
//!
//! `otel.lease` has a row for each number: its holder, what that does, and when it was seen last by the server's clock. A holder that
//! works renews its row every few seconds. It keeps the lease while it has nothing to do, and writes nothing then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::target::{Fence, Target, literal};

/// Times of a lease. All who write to one ClickHouse have to agree on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A lease whose row was not renewed for so long may be taken over.
    pub expires_after: Duration,
}

impl Terms {
    /// How often a holder that works renews its row.
    fn heartbeat(self) -> Duration {
        self.expires_after / 4
    }

    /// How often a holder that has nothing to do says so, together with the time as of which all is in.
    pub fn idle_heartbeat(self) -> Duration {
        self.expires_after / 3
    }

    /// How often a lease that another holds is looked at.
    fn look_again(self) -> Duration {
        self.heartbeat().min(Duration::from_millis(500))
    }
}

/// What a holder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It writes.
    Working,
    /// It has nothing to do. Another that has may take the lease over at once.
    Resting,
    /// It gave the lease back.
    Free,
}

impl Doing {
    /// Its name in `otel.lease`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Resting => "resting",
            Self::Free => "free",
        }
    }
}

/// The highest lease, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its holder.
    pub holder: String,
    /// What the holder did last.
    pub doing: Doing,
    /// How long ago that was.
    pub silent: Duration,
}

impl Seen {
    /// Returns true if `own` may take the lease over. `waits`: somebody waits for what `own` wants to do.
    fn may_be_followed(&self, own: &str, waits: bool, terms: Terms) -> bool {
        match self.doing {
            Doing::Free => true,
            // It could not be given back when the last round ended.
            _ if self.holder == own => true,
            Doing::Resting if waits => true,
            Doing::Resting | Doing::Working => self.silent >= terms.expires_after,
        }
    }
}

/// The right to write to a ClickHouse. It ends when another takes the lease over, which the next statement finds.
#[derive(Debug)]
pub struct Lease {
    target: Target,
    number: u64,
    holder: String,
    terms: Terms,
    beating: Mutex<Option<JoinHandle<()>>>,
}

impl Lease {
    /// Takes the lease; waits so long for another holder to rest, or to be gone. `holder` names who takes it, and takes it one after
    /// the other.
    ///
    /// # Errors
    /// [`Error::Busy`] when another holds it.
    pub async fn acquire(target: &Target, holder: &str, patience: Duration, terms: Terms) -> Result<Self> {
        let started = Instant::now();
        loop {
            let (number, seen) = look(target).await?;
            let waits = !patience.is_zero();
            match seen {
                Some(seen) if !seen.may_be_followed(holder, waits, terms) => {
                    if started.elapsed() >= patience {
                        return Err(Error::Busy {
                            target: target.name().to_owned(),
                            holder: seen.holder,
                            silent: seen.silent,
                        });
                    }
                    tokio::time::sleep(terms.look_again()).await;
                }
                _ => {
                    if let Some(lease) = Self::create(target, holder, number + 1, terms).await? {
                        return Ok(lease);
                    }
                }
            }
        }
    }

    /// Creates the lease of that number; none when another was first.
    async fn create(target: &Target, holder: &str, number: u64, terms: Terms) -> Result<Option<Self>> {
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
        // Earlier versions of sync look for the holder there.
        let sql = format!("INSERT INTO otel.{table} SELECT {}, now64(6)", literal(holder));
        target.execute("write the lease", &sql).await?;
        target.execute("create otel.lease", ROWS).await?;
        let fence = Arc::new(Fence::new(table, number, holder));
        let lease = Self {
            target: target.fenced(Arc::clone(&fence)),
            number,
            holder: holder.to_owned(),
            terms,
            beating: Mutex::default(),
        };
        lease.resume().await?;
        for lower in numbers.into_iter().filter(|other| *other < number) {
            drop_lease(target, lower).await?;
        }
        fence.kill_others(&lease.target).await?;
        Ok(Some(lease))
    }

    /// The ClickHouse, for statements under this lease.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Begins to work.
    ///
    /// # Errors
    /// When another has taken the lease over.
    pub async fn resume(&self) -> Result<()> {
        self.say(Doing::Working).await?;
        let beating = tokio::spawn(keep_beating(
            self.target.clone(),
            self.number,
            self.holder.clone(),
            self.terms,
        ));
        self.set_beating(Some(beating));
        Ok(())
    }

    /// Has nothing more to do for now. A lease that can't be put to rest expires.
    pub async fn rest(&self) {
        self.end(Doing::Resting).await;
    }

    /// Gives it back. A lease that can't be given back expires.
    pub async fn release(&self) {
        self.end(Doing::Free).await;
    }

    async fn end(&self, doing: Doing) {
        self.set_beating(None);
        match self.say(doing).await {
            Err(error) if !error.is_lease_lost() => {
                tracing::warn!(%error, "the lease stays until it expires");
            }
            _ => {}
        }
    }

    async fn say(&self, doing: Doing) -> Result<()> {
        say(&self.target, self.number, &self.holder, doing).await
    }

    fn set_beating(&self, task: Option<JoinHandle<()>>) {
        let mut beating = self.beating.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *beating, task) {
            old.abort();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.set_beating(None);
    }
}

/// One row of each lease: the last one counts.
const ROWS: &str = "CREATE TABLE IF NOT EXISTS otel.lease \
    (number UInt64, holder String, state LowCardinality(String), renewed DateTime64(6, 'UTC')) \
    ENGINE = ReplacingMergeTree(renewed) ORDER BY number TTL toDate(renewed) + INTERVAL 90 DAY";
const PREFIX: &str = "lease_";

fn table(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// Time since a `DateTime64(6)`, in microseconds.
fn age(since: &str) -> String {
    format!("toUnixTimestamp64Micro(now64(6)) - toUnixTimestamp64Micro({since})")
}

fn micros(age: i64) -> Duration {
    Duration::from_micros(u64::try_from(age).unwrap_or_default())
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// The numbers of all leases that there are.
async fn numbers(target: &Target) -> Result<Vec<u64>> {
    let sql = "SELECT name FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')";
    let names: Vec<String> = target.rows("look for the lease", sql).await?;
    Ok(names.iter().filter_map(|name| number_of(name)).collect())
}

/// The highest lease and its number, 0 when there is none.
///
/// # Errors
/// What the server says.
pub async fn look(target: &Target) -> Result<(u64, Option<Seen>)> {
    let sql = format!(
        "SELECT name, comment, {} FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')",
        age("toDateTime64(metadata_modification_time, 6, 'UTC')")
    );
    let tables: Vec<(String, String, i64)> = target.rows("look for the lease", &sql).await?;
    let highest = tables
        .into_iter()
        .filter_map(|(name, comment, age)| Some((number_of(&name)?, comment, age)))
        .max();
    let Some((number, comment, created)) = highest else {
        return Ok((0, None));
    };
    if let Some(seen) = row(target, number).await? {
        return Ok((number, Some(seen)));
    }
    if let Some(seen) = row_of_earlier_version(target, number).await? {
        return Ok((number, Some(seen)));
    }
    // The holder was killed, or is about to write its first row.
    let holder = match comment.is_empty() {
        true => "an earlier version of sync".to_owned(),
        false => comment,
    };
    let seen = Seen {
        holder,
        doing: Doing::Working,
        silent: micros(created),
    };
    Ok((number, Some(seen)))
}

async fn row(target: &Target, number: u64) -> Result<Option<Seen>> {
    let sql = format!(
        "SELECT holder, toString(state), {} FROM otel.lease WHERE number = {number} ORDER BY renewed DESC LIMIT 1",
        age("renewed")
    );
    let rows: Vec<(String, String, i64)> = match target.rows("read the lease", &sql).await {
        Err(error) if error.is_unknown_table() => Vec::new(),
        rows => rows?,
    };
    Ok(rows.into_iter().next().map(|(holder, state, age)| {
        let states = [Doing::Working, Doing::Resting, Doing::Free];
        let doing = states.into_iter().find(|doing| doing.name() == state);
        Seen {
            holder,
            doing: doing.unwrap_or(Doing::Working),
            silent: micros(age),
        }
    }))
}

/// Reads the heartbeats that earlier versions kept in the lease's own table. A lease that was given back has no holder there.
async fn row_of_earlier_version(target: &Target, number: u64) -> Result<Option<Seen>> {
    let sql = format!(
        "SELECT holder, {} FROM otel.{} ORDER BY renewed DESC LIMIT 1",
        age("renewed"),
        table(number)
    );
    let rows: Vec<(String, i64)> = match target.rows("read the lease", &sql).await {
        // A successor dropped it just now.
        Err(error) if error.is_unknown_table() => Vec::new(),
        rows => rows?,
    };
    Ok(rows.into_iter().next().map(|(holder, age)| Seen {
        doing: match holder.is_empty() {
            true => Doing::Free,
            false => Doing::Working,
        },
        holder,
        silent: micros(age),
    }))
}

async fn keep_beating(target: Target, number: u64, holder: String, terms: Terms) {
    loop {
        tokio::time::sleep(terms.heartbeat()).await;
        match say(&target, number, &holder, Doing::Working).await {
            Ok(()) => {}
            // The statement that runs, or the next one, says so.
            Err(error) if error.is_lease_lost() => return,
            Err(error) => tracing::warn!(%error, "a heartbeat did not get through"),
        }
    }
}

async fn say(target: &Target, number: u64, holder: &str, doing: Doing) -> Result<()> {
    let sql = format!(
        "INSERT INTO otel.lease SELECT {number}, {}, '{}', now64(6)",
        literal(holder),
        doing.name()
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

    const TERMS: Terms = Terms {
        expires_after: Duration::from_secs(15),
    };

    #[test]
    fn a_lease_is_followed_when_it_is_free_or_its_holder_silent() {
        let followed = |doing, seconds, own: &str, waits| {
            let seen = Seen {
                holder: "other".into(),
                doing,
                silent: Duration::from_secs(seconds),
            };
            seen.may_be_followed(own, waits, TERMS)
        };
        assert!(followed(Doing::Free, 0, "me", false));
        assert!(followed(Doing::Working, 1, "other", false), "its own");
        assert!(!followed(Doing::Working, 14, "me", true));
        assert!(followed(Doing::Working, 15, "me", false));
        assert!(
            !followed(Doing::Resting, 14, "me", false),
            "there is nothing to do"
        );
        assert!(followed(Doing::Resting, 0, "me", true), "somebody waits");
        assert!(followed(Doing::Resting, 15, "me", false));
    }

    #[test]
    fn a_holder_speaks_more_than_twice_before_its_lease_expires() {
        assert!(TERMS.heartbeat() * 3 < TERMS.expires_after);
        assert!(TERMS.idle_heartbeat() * 2 < TERMS.expires_after);
    }
}
