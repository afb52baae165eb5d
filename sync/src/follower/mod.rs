//! A follower, which keeps one ClickHouse in step with the lake.
//!
//! A round takes the lease, reads the lake's snapshot, and works on one day after another, newest first. Afterwards
//! ClickHouse has the rows of the snapshot. The round then writes the coverage: from which day on everything is
//! complete, and as of when. The snapshot is read again after each long step. A round that is interrupted anywhere
//! leaves a ledger from which the next one continues.
//!
//! The lease is kept between rounds. No other sync writes meanwhile, so that tables and bookkeeping stay cached. A
//! round that finds no new commit only renews the coverage's time every few seconds.

mod audit;
mod compacted;
mod publish;
mod step;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::clickhouse::{Bookkeeping, Tables, Target};
use crate::config::Read;
use crate::day;
use crate::error::{Error, Result};
use crate::lake_snapshot::LakeSnapshot;
use crate::lease::{Lease, LeaseTerms};
use crate::load::{Loader, ReadMode, server_reads, shared_columns};
use crate::plan::{self, Step, Work};
use crate::progress::Progress;
use crate::schema;
use crate::source::Source;
use crate::staging::{self, Staging};
use crate::table_group::{TableGroup, table_groups};

/// Options of a round.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest wait for a lease that another sync holds.
    pub patience: Duration,
    /// The days to work on; `None` for all.
    pub days: Option<RangeInclusive<Date>>,
}

/// The work that a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of inserted files.
    pub files: u64,
    /// Number of inserted rows.
    pub rows: u64,
    /// Number of days that were built in staging.
    pub built: u64,
}

/// The follower of one ClickHouse, with the state that it caches between rounds.
#[derive(Debug)]
pub struct Follower {
    /// The ClickHouse. Its statements run under the lease while the follower holds it.
    pub target: Target,
    unleased: Target,
    source: Arc<Source>,
    groups: Arc<Vec<TableGroup>>,
    read: Read,
    parallel: usize,
    terms: LeaseTerms,
    /// The name of the follower as a holder of leases.
    name: String,
    read_mode: Option<ReadMode>,
    lease: Option<Arc<Lease>>,
    /// The staging tables of the day that was built last in this round.
    staging: Option<Staging>,
    /// The bookkeeping as read under an earlier lease. It is valid if no other sync has written since.
    bookkeeping: Option<Bookkeeping>,
    /// The cached state after the last round under this lease.
    cached: Option<Cached>,
    last_loaded: Option<Timestamp>,
}

/// State of the ClickHouse that is cached under a lease.
#[derive(Debug)]
struct Cached {
    bookkeeping: Bookkeeping,
    tables: Tables,
    /// When all of it was last read from ClickHouse.
    read: Instant,
    caught_up: Option<CaughtUp>,
}

/// The state after a round that left no work.
#[derive(Debug)]
struct CaughtUp {
    snapshot: LakeSnapshot,
    today: Date,
    /// When the coverage was last written.
    written: Instant,
}

/// Age of the cached state after which all of it is read again. A person may have changed ClickHouse by hand, and old
/// views must be dropped.
const READ_AGAIN: Duration = Duration::from_secs(600);

/// The shortest time between two writes of the coverage during a round.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// The state that the steps of a round share.
struct Round {
    bookkeeping: Bookkeeping,
    tables: Tables,
    /// When bookkeeping and tables were read from ClickHouse.
    read: Instant,
    snapshot: LakeSnapshot,
    today: Date,
    summary: Summary,
    /// Tables and days that failed in this round, and are not tried again in it.
    failed: BTreeSet<(&'static str, Date)>,
    first_error: Option<Error>,
}

impl Round {
    fn new(cached: Cached, snapshot: LakeSnapshot, today: Date) -> Self {
        Self {
            bookkeeping: cached.bookkeeping,
            tables: cached.tables,
            read: cached.read,
            snapshot,
            today,
            summary: Summary::default(),
            failed: BTreeSet::new(),
            first_error: None,
        }
    }

    fn fail(&mut self, group: &TableGroup, day: Date, error: Error) {
        tracing::error!(tables = group.name(), %day, %error, "the day is left as it is");
        self.failed.extend(group.tables.iter().map(|table| (*table, day)));
        self.first_error.get_or_insert(error);
    }

    fn has_failed(&self, step: &Step<'_>) -> bool {
        self.failed.contains(&(step.group.tables[0], step.day))
    }
}

impl Follower {
    /// Creates a follower of the lake `source` for the ClickHouse `target`.
    pub fn new(target: Target, source: Arc<Source>, read: Read, parallel: usize, terms: LeaseTerms) -> Self {
        let tables = lakefront_otel::tables().iter().map(|table| table.name);
        Self {
            unleased: target.clone(),
            target,
            source,
            groups: Arc::new(table_groups(tables, lakefront_hot_tier::views())),
            read,
            parallel,
            terms,
            name: holder(),
            read_mode: None,
            lease: None,
            staging: None,
            bookkeeping: None,
            cached: None,
            last_loaded: None,
        }
    }

    /// Brings the ClickHouse in step with the current lake.
    ///
    /// # Errors
    /// [`Error::Busy`] when another sync holds the lease, and failures of lake or ClickHouse. A day that fails does not
    /// delay other days; the first such error is returned at the end.
    pub async fn round(&mut self, options: &Options, progress: &mut Progress) -> Result<Summary> {
        if options.days.is_none() && self.has_nothing_new().await? {
            return Ok(Summary::default());
        }
        self.begin(options.patience).await?;
        let done = self.work(options, progress).await;
        self.end(done.is_ok()).await;
        done
    }

    /// Releases the lease, at any point of a round.
    pub async fn release(&mut self) {
        self.cached = None;
        self.target = self.unleased.clone();
        if let Some(lease) = self.lease.take() {
            lease.release().await;
        }
    }

    /// Returns the name under which the follower holds the lease, or `None` without a lease.
    pub fn holder(&self) -> Option<&str> {
        self.lease.as_ref().map(|_| self.name.as_str())
    }

    /// Returns the time of the last loaded rows, if known. The time is read from ClickHouse when another sync may have
    /// written.
    pub async fn last_loaded(&mut self, round: &Result<Summary>) -> Option<Timestamp> {
        match round {
            Ok(Summary { files: 1.., .. }) => self.last_loaded = Some(Timestamp::now()),
            Ok(_) if self.last_loaded.is_some() => {}
            // A ClickHouse that does not answer has failed the round too.
            Ok(_) | Err(Error::Busy { .. }) => {
                self.last_loaded = self.unleased.last_loaded().await.ok().flatten();
            }
            Err(_) => {}
        }
        self.last_loaded
    }

    /// Resumes the lease, or acquires it. Creates the database first if it is missing, since the lease is a table in
    /// it.
    async fn begin(&mut self, patience: Duration) -> Result<()> {
        if let Some(lease) = &self.lease {
            match lease.resume().await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_lease_lost() || error.is_unknown_table() => self.forget(),
                Err(error) => return Err(error),
            }
        }
        self.unleased.create_database().await?;
        let lease = Lease::acquire(&self.unleased, &self.name, patience, self.terms).await?;
        self.target = lease.target().clone();
        self.lease = Some(Arc::new(lease));
        Ok(())
    }

    /// Marks the lease as resting. After a failure the cached state may be wrong and is dropped.
    async fn end(&mut self, well: bool) {
        if !well {
            self.cached = None;
        }
        if let Some(lease) = self.lease.clone() {
            lease.rest().await;
        }
    }

    /// Drops the lease after another sync has taken it over.
    fn forget(&mut self) {
        self.lease = None;
        self.bookkeeping = self.cached.take().map(|cached| cached.bookkeeping);
        self.target = self.unleased.clone();
    }

    async fn work(&mut self, options: &Options, progress: &mut Progress) -> Result<Summary> {
        let mut round = self.open().await?;
        let nothing_left = self.catch_up(&mut round, options, progress).await?;
        self.drop_staging().await?;
        if let Some(error) = round.first_error {
            return Err(error);
        }
        let caught_up = nothing_left.then_some(CaughtUp {
            snapshot: round.snapshot,
            today: round.today,
            written: Instant::now(),
        });
        self.cached = Some(Cached {
            bookkeeping: round.bookkeeping,
            tables: round.tables,
            read: round.read,
            caught_up,
        });
        Ok(round.summary)
    }

    /// Returns true if the lake has no commit since the last round that left no work. Renews the coverage's time from
    /// time to time.
    async fn has_nothing_new(&mut self) -> Result<bool> {
        let Some(cached) = self.cached.take() else {
            return Ok(false);
        };
        let Some(caught_up) = &cached.caught_up else {
            self.cached = Some(cached);
            return Ok(false);
        };
        let snapshot = self.source.snapshot().await?;
        let today = day::of(Timestamp::now());
        if !snapshot.is_same(&caught_up.snapshot) || today != caught_up.today {
            self.cached = Some(cached);
            return Ok(false);
        }
        if cached.read.elapsed() >= READ_AGAIN {
            self.cached = Some(cached);
            return Ok(false);
        }
        if caught_up.written.elapsed() < self.terms.idle_heartbeat() {
            self.cached = Some(cached);
            return Ok(true);
        }
        if !self.target.has_same_tables(&cached.tables).await? {
            return Ok(false);
        }
        let mut round = Round::new(cached, snapshot, today);
        match self.publish(&mut round, &[]).await {
            Ok(()) => {}
            // The round that follows reports the cause.
            Err(error) if error.is_lease_lost() || error.is_unknown_table() => return Ok(false),
            Err(error) => return Err(error),
        }
        self.target.update_guards().await?;
        if let Some(lease) = &self.lease {
            lease.rest().await;
        }
        let caught_up = CaughtUp {
            snapshot: round.snapshot,
            today,
            written: Instant::now(),
        };
        self.cached = Some(Cached {
            bookkeeping: round.bookkeeping,
            tables: round.tables,
            read: round.read,
            caught_up: Some(caught_up),
        });
        Ok(true)
    }

    /// Begins a round: reads lake, tables and bookkeeping as far as they are not cached, and creates missing tables.
    async fn open(&mut self) -> Result<Round> {
        if let Some(cached) = self.cached.take() {
            if cached.read.elapsed() < READ_AGAIN && self.target.has_same_tables(&cached.tables).await? {
                let snapshot = self.source.snapshot().await?;
                return Ok(Round::new(cached, snapshot, day::of(Timestamp::now())));
            }
            self.bookkeeping = Some(cached.bookkeeping);
        }
        self.target.migrate().await?;
        let mut tables = self.target.tables().await?;
        // Views read the columns.
        if schema::add_declared(&self.target, &tables).await? {
            tables = self.target.tables().await?;
        }
        self.staging = None;
        staging::drop_leftovers(&self.target, &tables).await?;
        let mut bookkeeping = self.target.read_bookkeeping(self.bookkeeping.take()).await?;
        // A killed sync may have written the coverage but not `otel.covered`.
        self.target.update_guards().await?;
        let today = day::of(Timestamp::now());
        views::create(&self.target, &tables, &mut bookkeeping, &self.groups, today).await?;
        // Sweeping and creating have changed the list of tables.
        tables = self.target.tables().await?;
        let cached = Cached {
            bookkeeping,
            tables,
            read: Instant::now(),
            caught_up: None,
        };
        let snapshot = self.source.snapshot().await?;
        Ok(Round::new(cached, snapshot, today))
    }

    /// Works until ledger and lake agree. Returns true if no work is left.
    async fn catch_up(
        &mut self,
        round: &mut Round,
        options: &Options,
        progress: &mut Progress,
    ) -> Result<bool> {
        let groups = Arc::clone(&self.groups);
        let mut published: Option<Instant> = None;
        let nothing_left = loop {
            self.carry_columns_over(round).await?;
            let started = Instant::now();
            let steps = plan::plan(&groups, &round.snapshot, &round.bookkeeping.ledger, round.today);
            tracing::debug!(steps = steps.len(), elapsed = ?started.elapsed(), "planned");
            let mut open = steps.clone();
            let mut due = steps;
            due.retain(|step| !round.has_failed(step));
            if let Some(days) = &options.days {
                due = plan::within(due, days);
            }
            if self.load_before_compactions(round, &due, progress).await? {
                round.snapshot = self.source.snapshot().await?;
                continue;
            }
            progress.planned(&due, &round.snapshot);
            if due.is_empty() {
                // Without a step since the last write of the coverage, only commits without files may have come.
                if published.is_none() || !open.is_empty() {
                    self.publish(round, &open).await?;
                }
                break open.is_empty();
            }
            let last = due.len() - 1;
            for (number, step) in due.iter().enumerate() {
                match self.execute(round, step, progress).await {
                    Ok(()) => {
                        if step.completes() {
                            open.retain(|other| !is_same(other, step));
                        }
                    }
                    Err(error) if error.is_about_the_day() => round.fail(step.group, step.day, error),
                    Err(error) => return Err(error),
                }
                // The lake gets new files during a long step, and new files have precedence.
                let is_long = !matches!(step.work, Work::Load { .. });
                if is_long || number == last || published.is_none_or(|at| at.elapsed() >= PUBLISH_EVERY) {
                    self.publish(round, &open).await?;
                    published = Some(Instant::now());
                }
                if is_long {
                    break;
                }
            }
            round.snapshot = self.source.snapshot().await?;
            round.today = day::of(Timestamp::now());
        };
        views::drop_unused(
            &self.target,
            &mut round.tables,
            &mut round.bookkeeping,
            &self.groups,
        )
        .await?;
        Ok(nothing_left)
    }

    async fn carry_columns_over(&mut self, round: &mut Round) -> Result<()> {
        let mut changed = false;
        let groups = Arc::clone(&self.groups);
        for group in groups.iter() {
            for table in &group.tables {
                let Some(snapshot) = round.snapshot.tables.get(table) else {
                    continue;
                };
                match schema::carry_over(&self.target, &round.tables, table, &snapshot.columns).await {
                    Ok(any) => changed |= any,
                    Err(error @ Error::Column { .. }) => {
                        let days: BTreeSet<Date> = snapshot.days.keys().copied().collect();
                        if !days.iter().all(|day| round.failed.contains(&(*table, *day))) {
                            tracing::error!(%error);
                            round.failed.extend(
                                days.iter()
                                    .flat_map(|day| group.tables.iter().map(|table| (*table, *day))),
                            );
                        }
                        round.first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if changed {
            // They lack the new columns.
            self.drop_staging().await?;
            round.tables = self.target.tables().await?;
        }
        Ok(())
    }

    /// Returns the loader of files into a raw table, or into its staging table.
    fn loader(&self, round: &Round, table: &str, read_mode: ReadMode) -> Loader<'_> {
        let lake = round
            .snapshot
            .tables
            .get(table)
            .map_or(&[][..], |snapshot| &snapshot.columns);
        Loader {
            target: &self.target,
            read_mode,
            source: &self.source,
            table: table.to_owned(),
            columns: shared_columns(round.tables.columns(table), lake),
            parallel: self.parallel,
        }
    }

    /// Returns the process that reads data files. The first call tests if ClickHouse can.
    async fn read_mode(&mut self, snapshot: &LakeSnapshot) -> Result<ReadMode> {
        if let Some(read_mode) = self.read_mode {
            return Ok(read_mode);
        }
        let file = snapshot
            .tables
            .values()
            .flat_map(|table| table.days.values().flatten())
            .next();
        let read_mode = match (self.read, file) {
            (Read::Server, _) => ReadMode::Server,
            (Read::Stream, _) | (Read::Auto, None) => ReadMode::Stream,
            (Read::Auto, Some(file)) if server_reads(&self.target, file).await? => ReadMode::Server,
            (Read::Auto, Some(_)) => ReadMode::Stream,
        };
        tracing::info!(
            target = self.target.name(),
            ?read_mode,
            "chose the process that reads the data files"
        );
        Ok(*self.read_mode.insert(read_mode))
    }
}

/// Returns a name for the holder of leases, readable by people and unique to this process.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "unknown host",
        host => host,
    };
    let unique = Uuid::new_v4().simple().to_string();
    format!("{host}, process {}, {}", std::process::id(), &unique[..16])
}

fn is_same(one: &Step<'_>, other: &Step<'_>) -> bool {
    one.day == other.day && std::ptr::eq(one.group, other.group)
}

/// Data files by table.
pub(crate) type FilesByTable = BTreeMap<&'static str, Vec<crate::ledger::DataFile>>;
