//! One ClickHouse that follows the lake.
//!
//! A round takes the lease, reads the lake's head, makes the ClickHouse what the head says, step by step, newest day first, and writes down
//! since when and as of when it is complete. The head is read again after each long step. A round that is cut short anywhere leaves
//! a ledger from which the next one goes on.

mod audit;
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

use crate::config::Read;
use crate::day;
use crate::error::{Error, Result};
use crate::head::Head;
use crate::lease::{Lease, Terms};
use crate::load::{Loader, Reader, server_reads, shared_columns};
use crate::plan::{self, Step, Work};
use crate::progress::Progress;
use crate::schema;
use crate::source::Source;
use crate::staging;
use crate::target::{Books, Tables, Target};
use crate::unit::{Unit, units};

/// What a round takes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to wait for the lease of another.
    pub patience: Duration,
    /// Only these days are worked on.
    pub days: Option<RangeInclusive<Date>>,
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were inserted.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Days that were built in staging.
    pub built: u64,
}

/// A ClickHouse and what is known of it between rounds.
#[derive(Debug)]
pub struct Follower {
    /// The ClickHouse.
    pub target: Target,
    source: Arc<Source>,
    units: Arc<Vec<Unit>>,
    read: Read,
    parallel: usize,
    terms: Terms,
    /// Who holds its leases.
    name: String,
    reader: Option<Reader>,
    books: Option<Books>,
}

/// All that steps of a round share.
struct Round<'a> {
    lease: &'a Lease,
    books: Books,
    tables: Tables,
    head: Head,
    today: Date,
    summary: Summary,
    /// Days that can't be made right in this round.
    failed: BTreeSet<(&'static str, Date)>,
    first_error: Option<Error>,
}

impl Round<'_> {
    fn fail(&mut self, unit: &Unit, day: Date, error: Error) {
        tracing::error!(tables = unit.name(), %day, %error, "the day is left as it is");
        self.failed.extend(unit.tables.iter().map(|table| (*table, day)));
        self.first_error.get_or_insert(error);
    }

    fn has_failed(&self, step: &Step<'_>) -> bool {
        self.failed.contains(&(step.unit.tables[0], step.day))
    }
}

impl Follower {
    /// Follows that lake.
    pub fn new(target: Target, source: Arc<Source>, read: Read, parallel: usize, terms: Terms) -> Self {
        let tables = lakefront_otel::tables().iter().map(|table| table.name);
        Self {
            target,
            source,
            units: Arc::new(units(tables, lakefront_query::views())),
            read,
            parallel,
            terms,
            name: format!("process {}, {}", std::process::id(), Uuid::new_v4().simple()),
            reader: None,
            books: None,
        }
    }

    /// Makes the ClickHouse what the lake is now.
    ///
    /// # Errors
    /// [`Error::Busy`] when another sync writes to it; what is wrong with lake or ClickHouse. A day that fails does not hold up others:
    /// the first such error is returned at the end.
    pub async fn round(&mut self, options: &Options, progress: &mut Progress) -> Result<Summary> {
        let lease = self.begin(options.patience).await?;
        let done = self.work(&lease, options, progress).await;
        lease.release().await;
        let (books, summary) = done?;
        self.books = Some(books);
        Ok(summary)
    }

    /// Takes the lease, once there is a database to hold it.
    pub(crate) async fn begin(&self, patience: Duration) -> Result<Lease> {
        self.target.create_database().await?;
        Lease::acquire(&self.target, &self.name, patience, self.terms).await
    }

    async fn work(
        &mut self,
        lease: &Lease,
        options: &Options,
        progress: &mut Progress,
    ) -> Result<(Books, Summary)> {
        let mut round = self.open(lease).await?;
        self.catch_up(&mut round, options, progress).await?;
        match round.first_error {
            Some(error) => Err(error),
            None => Ok((round.books, round.summary)),
        }
    }

    /// Makes sure that all tables are there, and reads lake and books.
    async fn open<'a>(&mut self, lease: &'a Lease) -> Result<Round<'a>> {
        self.target.migrate().await?;
        let mut tables = self.target.tables().await?;
        staging::sweep(&self.target, &tables).await?;
        let mut books = self.target.books(self.books.take()).await?;
        // A sync that was killed may have written the one and not the other.
        self.target.cover().await?;
        let today = day::of(Timestamp::now());
        if views::create(&self.target, &tables, &mut books, &self.units, today).await? {
            tables = self.target.tables().await?;
        }
        let head = self.source.head().await?;
        Ok(Round {
            lease,
            books,
            tables,
            head,
            today,
            summary: Summary::default(),
            failed: BTreeSet::new(),
            first_error: None,
        })
    }

    /// Works until the ledger says what the lake says.
    async fn catch_up(
        &mut self,
        round: &mut Round<'_>,
        options: &Options,
        progress: &mut Progress,
    ) -> Result<()> {
        let units = Arc::clone(&self.units);
        loop {
            self.carry_columns_over(round).await?;
            let started = Instant::now();
            let steps = plan::plan(&units, &round.head, &round.books.ledger, round.today);
            tracing::debug!(steps = steps.len(), elapsed = ?started.elapsed(), "planned");
            let mut open = steps.clone();
            let mut due = steps;
            due.retain(|step| !round.has_failed(step));
            if let Some(days) = &options.days {
                due = plan::within(due, days);
            }
            progress.planned(&due, &round.head);
            let mut again = false;
            for step in &due {
                round.lease.check()?;
                match self.take(round, step, progress).await {
                    Ok(()) => {
                        if step.completes() {
                            open.retain(|other| !is_same(other, step));
                        }
                    }
                    Err(error) if error.is_about_the_day() => round.fail(step.unit, step.day, error),
                    Err(error) => return Err(error),
                }
                again = true;
                self.publish(round, &open).await?;
                // The lake went on meanwhile, and what is new comes first.
                if !matches!(step.work, Work::Load { .. }) {
                    break;
                }
            }
            if !again {
                self.publish(round, &open).await?;
                break;
            }
            round.head = self.source.head().await?;
            round.today = day::of(Timestamp::now());
        }
        views::retire(
            &self.target,
            round.lease,
            &round.tables,
            &mut round.books,
            &self.units,
        )
        .await
    }

    async fn carry_columns_over(&mut self, round: &mut Round<'_>) -> Result<()> {
        let mut changed = false;
        let units = Arc::clone(&self.units);
        for unit in units.iter() {
            for table in &unit.tables {
                let Some(head) = round.head.tables.get(table) else {
                    continue;
                };
                match schema::carry_over(&self.target, &round.tables, table, &head.columns).await {
                    Ok(any) => changed |= any,
                    Err(error @ Error::Column { .. }) => {
                        let days: BTreeSet<Date> = head.days.keys().copied().collect();
                        if !days.iter().all(|day| round.failed.contains(&(*table, *day))) {
                            tracing::error!(%error);
                            round.failed.extend(
                                days.iter()
                                    .flat_map(|day| unit.tables.iter().map(|table| (*table, *day))),
                            );
                        }
                        round.first_error.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if changed {
            round.tables = self.target.tables().await?;
        }
        Ok(())
    }

    /// What inserts into that raw table, or into a staging table of it.
    fn loader(&self, round: &Round<'_>, table: &str) -> Loader<'_> {
        let lake = round.head.tables.get(table).map_or(&[][..], |head| &head.columns);
        Loader {
            target: &self.target,
            reader: self.reader.unwrap_or(Reader::Here),
            source: &self.source,
            table: table.to_owned(),
            columns: shared_columns(round.tables.columns(table), lake),
            parallel: self.parallel,
        }
    }

    /// Who reads data files: tried out once.
    async fn reader(&mut self, head: &Head) -> Result<Reader> {
        if let Some(reader) = self.reader {
            return Ok(reader);
        }
        let file = head
            .tables
            .values()
            .flat_map(|table| table.days.values().flatten())
            .next();
        let reader = match (self.read, file) {
            (Read::Server, _) => Reader::Server,
            (Read::Stream, _) | (Read::Auto, None) => Reader::Here,
            (Read::Auto, Some(file)) if server_reads(&self.target, file).await? => Reader::Server,
            (Read::Auto, Some(_)) => Reader::Here,
        };
        tracing::info!(target = self.target.name(), ?reader, "who reads the data files");
        Ok(*self.reader.insert(reader))
    }
}

fn is_same(one: &Step<'_>, other: &Step<'_>) -> bool {
    one.day == other.day && std::ptr::eq(one.unit, other.unit)
}

/// Days by table that a step is about.
pub(crate) type FilesByTable = BTreeMap<&'static str, Vec<crate::ledger::DataFile>>;
