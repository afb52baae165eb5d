//! The audit of one ClickHouse.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::civil::Date;

use super::step::{StagedDay, files_of};
use super::{Follower, Options, Round};
use crate::audit::{Digest, Finding, Report, digest_rows, digest_view, partition, write};
use crate::error::Result;
use crate::ledger::DataFile;
use crate::load::ReadMode;
use crate::progress::Progress;
use crate::staging::Staging;
use crate::table_group::TableGroup;

/// The most data files that one statement digests.
const FILES_AT_ONCE: usize = 200;

impl Follower {
    /// Compares days with the lake, newest first, after bringing each in step. With `repair`, days that differ are
    /// rebuilt.
    ///
    /// Findings are written to `otel.audit` and passed to `report_finding`.
    ///
    /// # Errors
    /// The errors of [`Follower::round`].
    pub async fn audit(
        &mut self,
        patience: Duration,
        days: &RangeInclusive<Date>,
        repair: bool,
        mut report_finding: impl FnMut(&Finding),
    ) -> Result<Report> {
        self.begin(patience).await?;
        let done = self.audit_days(days, repair, &mut report_finding).await;
        self.end(done.is_ok()).await;
        done
    }

    async fn audit_days(
        &mut self,
        days: &RangeInclusive<Date>,
        repair: bool,
        report_finding: &mut impl FnMut(&Finding),
    ) -> Result<Report> {
        let options = Options {
            patience: Duration::ZERO,
            days: Some(days.clone()),
        };
        let mut progress = Progress::new(false);
        let mut round = self.open().await?;
        self.catch_up(&mut round, &options, &mut progress).await?;
        let mut report = Report::default();
        for group in std::sync::Arc::clone(&self.groups).iter() {
            let known: BTreeSet<Date> = days_of(&round, group)
                .into_iter()
                .filter(|day| days.contains(day) && *day >= group.first_day(round.today))
                .collect();
            for day in known.into_iter().rev() {
                // The lake gets new commits meanwhile. Rows that are new since the last comparison must not count as a
                // difference.
                round.snapshot = self.source.snapshot().await?;
                self.catch_up(&mut round, &options, &mut progress).await?;
                if let Some(error) = round.first_error.take() {
                    return Err(error);
                }
                let findings = self
                    .audit_day(&mut round, group, day, repair, &mut progress)
                    .await?;
                for finding in &findings {
                    report.compared += 1;
                    report.different += u64::from(finding.differs());
                    report.repaired += u64::from(finding.repaired);
                    report_finding(finding);
                }
                write(&self.target, &findings).await?;
            }
        }
        self.drop_staging().await?;
        Ok(report)
    }

    async fn audit_day(
        &mut self,
        round: &mut Round,
        group: &TableGroup,
        day: Date,
        repair: bool,
        progress: &mut Progress,
    ) -> Result<Vec<Finding>> {
        let keeps_raw = group.keeps_raw(day, round.today);
        let views = group.views_of(day, round.today);
        let files = files_of(round, group, day);
        let parts = StagedDay {
            day,
            views: &views,
            files: &files,
            keeps_raw,
        };
        let read_mode = self.read_mode(&round.snapshot).await?;
        let staging = self.stage(round, &parts, read_mode, progress).await?;
        let mut findings = Vec::new();
        if keeps_raw {
            for table in &group.tables {
                findings.push(
                    self.raw_finding(round, table, &parts, read_mode, &staging)
                        .await?,
                );
            }
        }
        for view in views {
            let table = view.table();
            findings.push(Finding {
                day,
                lake: digest_view(&self.target, &round.tables, view, &staging.table(&table), day).await?,
                clickhouse: digest_view(&self.target, &round.tables, view, &table, day).await?,
                table,
                repaired: false,
            });
        }
        if repair && findings.iter().any(Finding::differs) {
            self.withdraw_coverage(round, group, day).await?;
            self.replace_day(round, group, day, &files, &staging).await?;
            self.publish(round, &[]).await?;
            for finding in findings.iter_mut().filter(|finding| finding.differs()) {
                finding.repaired = true;
            }
        }
        self.staging = Some(staging);
        Ok(findings)
    }

    async fn raw_finding(
        &self,
        round: &Round,
        table: &'static str,
        parts: &StagedDay<'_>,
        read_mode: ReadMode,
        staging: &Staging,
    ) -> Result<Finding> {
        let StagedDay { day, files, .. } = *parts;
        let loader = self.loader(round, table, read_mode);
        let columns = loader.columns.clone();
        let lake = match read_mode {
            ReadMode::Server => {
                let mut lake = Digest::default();
                let files: &[DataFile] = files.get(table).map_or(&[], Vec::as_slice);
                for some in files.chunks(FILES_AT_ONCE) {
                    lake += digest_rows(&self.target, &columns, &loader.rows_of(some)).await?;
                }
                lake
            }
            ReadMode::Stream => {
                digest_rows(&self.target, &columns, &partition(&staging.table(table), day)).await?
            }
        };
        Ok(Finding {
            day,
            table: table.to_owned(),
            lake,
            clickhouse: digest_rows(&self.target, &columns, &partition(table, day)).await?,
            repaired: false,
        })
    }
}

fn days_of(round: &Round, group: &TableGroup) -> BTreeSet<Date> {
    let ledger = &round.bookkeeping.ledger;
    let loaded = |table: &&'static str| {
        let table = *table;
        ledger
            .days(table)
            .map(|(day, _)| day)
            .filter(move |day| ledger.touched(table, *day))
    };
    group.tables.iter().flat_map(loaded).collect()
}
