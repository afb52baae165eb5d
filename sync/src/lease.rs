//! The lease on a ClickHouse: one sync at a time writes to it.
//!
//! A lease is a table, `otel.lease_<number>`, and its number only ever grows: the holder of the highest may write. Creating a table
//! is atomic, so of several who saw that `lease_7` is free or has expired one gets to create `lease_8`. Lower ones are dropped by
//! a later holder; who created one of those, having looked long ago, sees the higher one and holds nothing.
//! The holder inserts a row every few seconds. All times are the server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::target::{Target, literal};
use tokio::task::JoinHandle;

/// When a lease ends that its holder does not renew. All who write to one ClickHouse have to agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A lease without a heartbeat for so long may be followed by another.
    pub expires_after: Duration,
}

impl Terms {
    /// How often the holder says that it is there.
    fn heartbeat(self) -> Duration {
        self.expires_after / 4
    }

    /// A holder whose heartbeats do not get through stops before the lease expires.
    fn gives_up_after(self) -> Duration {
        self.expires_after * 3 / 4
    }
}

/// How often a lease that another holds is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What is seen of the highest lease.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// There never was one, or its holder gave it back.
    Free,
    /// Nobody has written to it: it was created a moment ago, or by one who died at once.
    Empty,
    /// Someone's last heartbeat is so old.
    Held {
        /// Who.
        holder: String,
        /// Age of the heartbeat.
        age: Duration,
    },
}

impl Seen {
    /// Whether `own` may create the next lease, after this one was watched being empty for so long.
    fn may_be_followed(&self, own: &str, empty_for: Duration, terms: Terms) -> bool {
        match self {
            Self::Free => true,
            // It could not be given back when the last round ended.
            Self::Held { holder, .. } if holder == own => true,
            Self::Empty => empty_for >= terms.expires_after,
            Self::Held { age, .. } => *age >= terms.expires_after,
        }
    }
}

/// The right to write to a ClickHouse, until it is released or dropped.
#[derive(Debug)]
pub struct Lease {
    target: Target,
    number: u64,
    terms: Terms,
    heart: Arc<Heart>,
    beating: JoinHandle<()>,
}

#[derive(Debug)]
struct Heart {
    started: Instant,
    /// Milliseconds from start to the moment before the last heartbeat that got through was sent.
    last_ms: AtomicU64,
}

impl Heart {
    fn beat_at(&self, sent: Instant) {
        let ms = sent.duration_since(self.started).as_millis();
        self.last_ms
            .store(u64::try_from(ms).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn silent_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(last)
    }
}

impl Lease {
    /// Takes the lease; waits so long for another holder to give it back, or to be gone. `holder` names who takes it, and takes it
    /// one after the other.
    ///
    /// # Errors
    /// [`Error::Busy`] when another holds it.
    pub async fn acquire(target: &Target, holder: &str, patience: Duration, terms: Terms) -> Result<Self> {
        let started = Instant::now();
        let mut empty: Option<(u64, Instant)> = None;
        loop {
            let (number, seen) = look(target).await?;
            empty = match (&seen, empty) {
                (Seen::Empty, Some((watched, since))) if watched == number => Some((watched, since)),
                (Seen::Empty, _) => Some((number, Instant::now())),
                _ => None,
            };
            let empty_for = empty.map_or(Duration::ZERO, |(_, since)| since.elapsed());
            if seen.may_be_followed(holder, empty_for, terms) {
                if let Some(lease) = Self::create(target, holder, number + 1, terms).await? {
                    return Ok(lease);
                }
            } else if started.elapsed() >= patience {
                return Err(Error::Busy {
                    target: target.name().to_owned(),
                    holder: match seen {
                        Seen::Held { holder, .. } => holder,
                        _ => "not known yet".to_owned(),
                    },
                });
            } else {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// Creates the lease of that number; none when another was first.
    async fn create(target: &Target, holder: &str, number: u64, terms: Terms) -> Result<Option<Self>> {
        let sent = Instant::now();
        let table = table(number);
        let sql = format!(
            "CREATE TABLE otel.{table} (holder String, renewed DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY renewed"
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
        beat(target, number, holder).await?;
        for lower in numbers.into_iter().filter(|other| *other < number) {
            drop_lease(target, lower).await?;
        }
        let heart = Arc::new(Heart {
            started: sent,
            last_ms: AtomicU64::new(0),
        });
        let beating = tokio::spawn(keep_beating(
            target.clone(),
            number,
            terms,
            holder.to_owned(),
            Arc::clone(&heart),
        ));
        Ok(Some(Self {
            target: target.clone(),
            number,
            terms,
            heart,
            beating,
        }))
    }

    /// To be asked before every write.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when another may hold it by now.
    pub fn check(&self) -> Result<()> {
        let silent = self.heart.silent_for();
        if silent < self.terms.gives_up_after() {
            return Ok(());
        }
        Err(Error::LeaseLost {
            target: self.target.name().to_owned(),
            seconds: silent.as_secs(),
        })
    }

    /// Gives it back. One that can't be given back expires.
    pub async fn release(self) {
        self.beating.abort();
        if self.check().is_err() {
            return;
        }
        if let Err(error) = beat(&self.target, self.number, RELEASED).await {
            tracing::warn!(%error, "the lease stays until it expires");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

/// Holder of a lease that was given back.
const RELEASED: &str = "";
const PREFIX: &str = "lease_";

fn table(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The numbers of all leases that there are.
async fn numbers(target: &Target) -> Result<Vec<u64>> {
    let names: Vec<String> = target
        .rows(
            "look for the lease",
            "SELECT name FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')",
        )
        .await?;
    let number = |name: &String| name.strip_prefix(PREFIX)?.parse().ok();
    Ok(names.iter().filter_map(number).collect())
}

/// The highest lease: its number, 0 when there is none.
async fn look(target: &Target) -> Result<(u64, Seen)> {
    let Some(number) = numbers(target).await?.into_iter().max() else {
        return Ok((0, Seen::Free));
    };
    let sql = format!(
        "SELECT holder, toUnixTimestamp64Micro(now64(6)) - toUnixTimestamp64Micro(renewed) AS age \
         FROM otel.{} ORDER BY renewed DESC LIMIT 1",
        table(number)
    );
    let seen = match target.rows::<(String, i64)>("read the lease", &sql).await {
        Ok(rows) => match rows.into_iter().next() {
            None => Seen::Empty,
            Some((holder, _)) if holder == RELEASED => Seen::Free,
            Some((holder, age)) => Seen::Held {
                holder,
                age: Duration::from_micros(u64::try_from(age).unwrap_or_default()),
            },
        },
        // A later holder dropped it just now.
        Err(error) if error.is_unknown_table() => Seen::Empty,
        Err(error) => return Err(error.into()),
    };
    Ok((number, seen))
}

async fn keep_beating(target: Target, number: u64, terms: Terms, holder: String, heart: Arc<Heart>) {
    loop {
        tokio::time::sleep(terms.heartbeat()).await;
        // Whoever was stopped for that long must not come back to life: another may have looked.
        if heart.silent_for() >= terms.gives_up_after() {
            return;
        }
        let sent = Instant::now();
        match beat(&target, number, &holder).await {
            Ok(()) => heart.beat_at(sent),
            Err(error) => tracing::warn!(%error, "a heartbeat did not get through"),
        }
    }
}

async fn beat(target: &Target, number: u64, holder: &str) -> Result<()> {
    let sql = format!(
        "INSERT INTO otel.{} SELECT {}, now64(6)",
        table(number),
        literal(holder)
    );
    Ok(target.execute("renew the lease", &sql).await?)
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
        let held = |seconds| Seen::Held {
            holder: "other".into(),
            age: Duration::from_secs(seconds),
        };
        assert!(Seen::Free.may_be_followed("me", Duration::ZERO, TERMS));
        assert!(held(1).may_be_followed("other", Duration::ZERO, TERMS), "its own");
        assert!(!held(14).may_be_followed("me", Duration::ZERO, TERMS));
        assert!(held(15).may_be_followed("me", Duration::ZERO, TERMS));
        assert!(!Seen::Empty.may_be_followed("me", Duration::from_secs(14), TERMS));
        assert!(Seen::Empty.may_be_followed("me", TERMS.expires_after, TERMS));
    }

    #[test]
    fn a_holder_stops_well_before_others_may_start() {
        assert!(TERMS.heartbeat() * 2 < TERMS.gives_up_after());
        assert!(TERMS.gives_up_after() + Duration::from_secs(3) < TERMS.expires_after);
    }
}
