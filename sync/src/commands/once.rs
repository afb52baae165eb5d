//! The subcommands `once` and `backfill`: one round for each ClickHouse.

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use super::{each, follower};
use crate::config::{Backfill, Sync};
use crate::follower::Options;
use crate::progress::Progress;
use crate::source::Source;

/// The longest wait for another sync. The lease of a killed sync expires sooner.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs one round for each ClickHouse.
pub(super) async fn once(sync: &Sync) -> ExitCode {
    round(sync, None, false).await
}

/// Runs one round for each ClickHouse, limited to the given days, and prints lines about progress.
pub(super) async fn backfill(backfill: &Backfill) -> ExitCode {
    round(&backfill.sync, Some(backfill.days.range()), true).await
}

async fn round(sync: &Sync, days: Option<RangeInclusive<Date>>, prints: bool) -> ExitCode {
    let source = Arc::new(Source::new(sync.lake_location()));
    let options = Options {
        patience: PATIENCE,
        days,
    };
    each(sync.targets.open(), |target| {
        let mut follower = follower(sync, target, &source);
        let options = options.clone();
        async move {
            let mut progress = Progress::new(prints);
            let done = follower.round(&options, &mut progress).await;
            follower.release().await;
            done?;
            Ok(format!("in step with the lake: {}", progress.total()))
        }
    })
    .await
}
