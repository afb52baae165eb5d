//! `once` and `backfill`.

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use super::each;
use crate::config::{Backfill, Sync};
use crate::follower::Options;
use crate::progress::Progress;
use crate::source::Source;

/// How long to wait for another sync: longer than it takes for the lease of one that died to expire.
const PATIENCE: Duration = Duration::from_secs(60);

/// One round for each ClickHouse.
pub(super) async fn once(sync: &Sync) -> ExitCode {
    round(sync, None, false).await
}

/// The same with lines about progress, and for some days only where that is wanted.
pub(super) async fn backfill(backfill: &Backfill) -> ExitCode {
    round(&backfill.sync, Some(backfill.days.range()), true).await
}

async fn round(sync: &Sync, days: Option<RangeInclusive<Date>>, speaks: bool) -> ExitCode {
    let source = Arc::new(Source::new(sync.place()));
    let options = Options {
        patience: PATIENCE,
        days,
    };
    each(sync.targets.open(), |target| {
        let mut follower = sync.follower(target, &source);
        let options = options.clone();
        async move {
            let mut progress = Progress::new(speaks);
            let done = follower.round(&options, &mut progress).await;
            follower.release().await;
            done?;
            Ok(format!("in step with the lake: {}", progress.total()))
        }
    })
    .await
}
