//! The keeper: moves rows that landed through Cloudflare Pipelines into the lake, exactly once.
//!
//! Sinks add files to the landing tables. The keeper reads the new ones in the order of their commits, and commits their
//! rows to `otel`. The same commit sets the position behind them, so that a kill repeats or loses
//! nothing. Landed files are deleted an hour later.
//!
//! Rows may land twice: the Worker repeats a chunk whose answer was lost, and a sender its request. The keeper recognises
//! them. It counts how many rows were accepted, landed and moved, by which a row that a sink dropped is missed.

mod counts;
mod move_rows;
mod position;
mod read;
mod receipts;
mod seen;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::{IngestFailure, IngestLanding};
use lakefront_lake::{Lake, LakeConfig, LakeLocation};
use lakefront_landing::{NAMESPACE, definitions, landing_tables};
use lakefront_otel::LOGS;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::KeeperConfig;
use crate::fields::{Fields, FieldsError};
use crate::metrics::{LandingLabels, Metrics};
use crate::time::now;

use move_rows::TableKeeper;

/// The property of a table with the keeper's state. The name of the landing table follows.
const PROPERTY: &str = "lakefront.landing.";

/// The result of the keeper's functions.
type Result<T, E = Error> = std::result::Result<T, E>;

/// The reasons for which rows are not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The lake or a landing table cannot be read or written.
    #[error(transparent)]
    Lake(#[from] lakefront_lake::Error),
    /// The state in the table's property has another form.
    #[error("property {property} of {table} cannot be read: {source}; was it written by a later version?")]
    State {
        /// Name of the table.
        table: &'static str,
        /// Name of the property.
        property: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// Another program rewrote the files of a landing table.
    #[error(
        "commit {sequence_number} of {NAMESPACE}.{table} rewrote files, so that moved rows cannot be told from new ones; turn compaction off \
         for the landing tables and make a set under a new version"
    )]
    Rewritten {
        /// Name of the landing table.
        table: &'static str,
        /// Sequence number of the commit.
        sequence_number: i64,
    },
    /// A landed file is outside of its table's folder.
    #[error("{path} is outside of the folder of its table")]
    Outside {
        /// Location of the file.
        path: String,
    },
    /// A landed file is no Parquet file, or has other columns than the pipeline's SQL makes.
    #[error("{path}: {reason}")]
    File {
        /// Location of the file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The counted fields cannot be rows.
    #[error(transparent)]
    Fields(#[from] FieldsError),
    /// The lake is in a folder.
    #[error(
        "rows land in a lake on an S3 store behind a REST catalog: set --catalog-uri (LAKEFRONT_CATALOG_URI)"
    )]
    NoCatalog,
}

/// The keeper of all landing tables of a lake.
pub struct Keeper {
    lake: Lake,
    place: LakeLocation,
    keep: Duration,
    fields: Arc<Fields>,
    /// The landing tables that there are. Sinks make them with the first rows.
    landing: Option<Lake>,
    tables: BTreeMap<&'static str, TableKeeper>,
}

impl Keeper {
    /// Returns a keeper of the lake at `place`. Moved files are deleted after `keep`, and `fields` counts the fields of moved rows.
    ///
    /// # Errors
    /// [`Error::NoCatalog`] when the lake is in a folder.
    pub fn new(lake: Lake, place: LakeLocation, keep: Duration, fields: Arc<Fields>) -> Result<Self> {
        match place {
            LakeLocation::Folder(_) => Err(Error::NoCatalog),
            LakeLocation::RestCatalog(_) => Ok(Self {
                lake,
                place,
                keep,
                fields,
                landing: None,
                tables: BTreeMap::new(),
            }),
        }
    }

    /// Moves all rows that have landed, and returns the totals. A table that fails does not hold back the others.
    ///
    /// # Errors
    /// When the catalog does not list the landing tables.
    pub async fn run(&mut self) -> Result<IngestLanding> {
        let landing = self.landing().await?;
        let mut report = IngestLanding {
            enabled: true,
            ..IngestLanding::default()
        };
        let accepted = match receipts::collect(&landing).await {
            Ok(accepted) => accepted,
            Err(error) => {
                fail(&mut report, lakefront_landing::RECEIPTS, &error);
                receipts::Accepted::default()
            }
        };
        for table in lakefront_otel::tables() {
            let keeper = self
                .tables
                .entry(table.name)
                .or_insert_with(|| TableKeeper::new(table, Arc::clone(&self.fields)));
            if let Err(error) = keeper.run(&self.lake, &landing, self.keep).await {
                fail(&mut report, table.name, &error);
                // The next run begins with the committed state.
                *keeper = TableKeeper::new(table, Arc::clone(&self.fields));
            }
            let totals = keeper.totals();
            let status = counts::status(totals, accepted.of(table.name), now());
            report.tables.insert(table.name.to_owned(), status);
        }
        report.last_run = Some(now());
        Ok(report)
    }

    /// Writes the counted fields of moved rows into the lake, for a keeper that has no log into which the events could go. Those of a
    /// service are written once an hour, however often this is called and by however many keepers.
    ///
    /// # Errors
    /// When the rows cannot be committed. The counts are lost then.
    pub async fn write_fields(&mut self) -> Result<()> {
        let Some(table) = lakefront_otel::table(LOGS) else {
            return Ok(());
        };
        let mut keeper = self
            .tables
            .remove(LOGS)
            .unwrap_or_else(|| TableKeeper::new(table, Arc::clone(&self.fields)));
        keeper.write_fields(&self.lake).await?;
        self.tables.insert(LOGS, keeper);
        Ok(())
    }

    /// Returns the landing tables. Opens them again until there are all.
    async fn landing(&mut self) -> Result<Lake> {
        if let Some(landing) = &self.landing {
            return Ok(landing.clone());
        }
        let config = LakeConfig {
            namespace: NAMESPACE,
            tables: definitions(),
            keep_hourly: Duration::ZERO,
            ..LakeConfig::at(self.place.clone())
        };
        let landing = Lake::open_existing(config).await?;
        if landing_tables().iter().all(|table| landing.has(table.name)) {
            self.landing = Some(landing.clone());
        }
        Ok(landing)
    }
}

fn fail(report: &mut IngestLanding, table: &str, error: &Error) {
    tracing::error!(table, %error, "landed rows were not moved");
    report.last_error = Some(IngestFailure {
        at: now(),
        table: table.to_owned(),
        message: error.to_string(),
    });
}

/// Adds the keeper to `tasks`, if it is turned on. Returns its report, which changes with each run.
///
/// # Errors
/// [`Error::NoCatalog`] when the lake is in a folder.
pub fn start(
    tasks: &mut JoinSet<()>,
    lake: Lake,
    place: LakeLocation,
    config: &KeeperConfig,
    fields: Arc<Fields>,
    metrics: Arc<Metrics>,
) -> Result<watch::Receiver<IngestLanding>> {
    let (sender, report) = watch::channel(IngestLanding::default());
    if !config.is_on() {
        return Ok(report);
    }
    let mut keeper = Keeper::new(lake, place, config.landing_keep(), fields)?;
    let interval = config.keeper_interval;
    sender.send_modify(|report| report.enabled = true);
    tasks.spawn(async move {
        let mut runs = tokio::time::interval(interval);
        runs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            runs.tick().await;
            let last_error = sender.borrow().last_error.clone();
            match keeper.run().await {
                Ok(mut report) => {
                    measure(&metrics, &report);
                    report.last_error = report.last_error.or(last_error);
                    sender.send_replace(report);
                }
                Err(error) => sender.send_modify(|report| fail(report, NAMESPACE, &error)),
            }
        }
    });
    Ok(report)
}

/// Sets the metrics to the totals of a report.
fn measure(metrics: &Metrics, report: &IngestLanding) {
    for table in lakefront_otel::tables() {
        let Some(status) = report.tables.get(table.name) else {
            continue;
        };
        for (stage, rows) in status.stages() {
            let labels = LandingLabels {
                table: table.name,
                stage,
            };
            let rows = i64::try_from(rows).unwrap_or(i64::MAX);
            metrics.landing_rows.get_or_create(&labels).set(rows);
        }
    }
}

/// Returns the first microsecond of an hour as a timestamp.
fn hour_text(hour: lakefront_landing::Hour) -> String {
    let time = Timestamp::from_microsecond(hour.micros()).unwrap_or(Timestamp::MIN);
    time.to_string()
}
