//! The subcommand `audit`: compares each ClickHouse with the lake.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::{each, follower};
use crate::audit::Finding;
use crate::config::Audit;
use crate::error::Error;
use crate::source::Source;

/// The longest wait for the lease of another sync.
const PATIENCE: Duration = Duration::from_secs(60);

/// Audits each ClickHouse. The exit code is a failure if a difference was found and not repaired.
pub(super) async fn audit(audit: &Audit) -> ExitCode {
    let source = Arc::new(Source::new(audit.sync.lake_location()));
    let (sync, days, repair) = (&audit.sync, audit.days.range(), audit.repair);
    each(sync.targets.open(), |target| {
        let name = target.name().to_owned();
        let mut follower = follower(sync, target, &source);
        let days = days.clone();
        async move {
            let report = follower
                .audit(PATIENCE, &days, repair, |finding| print(&name, finding))
                .await;
            follower.release().await;
            let report = report?;
            let text = format!(
                "{} days of tables compared, {} differ, {} repaired",
                report.compared, report.different, report.repaired
            );
            match report.different == report.repaired {
                true => Ok(text),
                false => Err(Error::Differs { report: text }),
            }
        }
    })
    .await
}

fn print(target: &str, finding: &Finding) {
    if !finding.differs() {
        return;
    }
    println!(
        "{target}: {} of {} differs: {} rows in the lake, {} here{}{}",
        finding.table,
        finding.day,
        finding.lake.rows,
        finding.clickhouse.rows,
        if finding.lake.rows == finding.clickhouse.rows {
            ", other contents"
        } else {
            ""
        },
        if finding.repaired { "; repaired" } else { "" },
    );
}
