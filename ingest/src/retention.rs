//! The hourly task that drops the days that tables no longer keep.

use std::{sync::Arc, time::Duration};

use lakefront_api::{IngestDrop, IngestFailure, IngestRetention};
use lakefront_lake::{Error, Lake, OldDay};
use tokio::{sync::watch, task::JoinSet};

use crate::{config::KeepDays, metrics::Metrics, metrics::TableLabel, time::now};

/// Time between two runs.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Adds the task to `tasks`, unless every table keeps all days. It runs now and every hour.
///
/// Returns the state, which changes with each run.
///
/// # Panics
/// Panics if there is no Tokio runtime.
pub fn start(
    tasks: &mut JoinSet<()>,
    lake: Lake,
    keep_days: KeepDays,
    metrics: Arc<Metrics>,
) -> watch::Receiver<IngestRetention> {
    let tables = keep_days.0.iter();
    let (sender, health) = watch::channel(IngestRetention {
        keep_days: tables.map(|(table, days)| ((*table).to_owned(), *days)).collect(),
        ..IngestRetention::default()
    });
    if !keep_days.0.is_empty() {
        tasks.spawn(async move {
            let mut hours = tokio::time::interval(INTERVAL);
            loop {
                hours.tick().await;
                run(&lake, &keep_days, &metrics, &sender).await;
            }
        });
    }
    health
}

/// Drops the days of all tables that are due.
async fn run(lake: &Lake, keep_days: &KeepDays, metrics: &Metrics, health: &watch::Sender<IngestRetention>) {
    for (table, days) in &keep_days.0 {
        match drop_old_days(lake, table, *days).await {
            Ok(dropped) => {
                if let Some((first, last)) = dropped.first().zip(dropped.last()) {
                    let record = record(&dropped, first, last);
                    tracing::info!(table, first_day = %first.day, last_day = %last.day, rows = record.rows, "dropped days");
                    let label = TableLabel { table };
                    metrics.dropped_rows.get_or_create(&label).inc_by(record.rows);
                    health.send_modify(|health| {
                        health.last_drop.insert((*table).to_owned(), record);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(table, %error, "days were not dropped; the next try is in an hour");
                health.send_modify(|health| {
                    health.last_error = Some(IngestFailure {
                        at: now(),
                        table: (*table).to_owned(),
                        message: error.to_string(),
                    });
                });
            }
        }
    }
    health.send_modify(|health| {
        health.last_run = Some(now());
        health.next_run = now().checked_add(INTERVAL).ok();
    });
}

/// Drops the days of a table that are due, and deletes the files of days that were dropped before.
async fn drop_old_days(lake: &Lake, table: &str, keep_days: u16) -> Result<Vec<OldDay>, Error> {
    let dropped = lake.drop_old_days(table, keep_days).await?;
    // Commits expire snapshots too, but a table may have none.
    lake.expire(table).await?;
    Ok(dropped)
}

fn record(dropped: &[OldDay], first: &OldDay, last: &OldDay) -> IngestDrop {
    IngestDrop {
        at: now(),
        first_day: first.day.to_string(),
        last_day: last.day.to_string(),
        days: dropped.len() as u64,
        files: dropped.iter().map(|day| day.files as u64).sum(),
        rows: dropped.iter().map(|day| day.rows).sum(),
        bytes: dropped.iter().map(|day| day.bytes).sum(),
    }
}
