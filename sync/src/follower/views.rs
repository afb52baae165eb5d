//! Creates the views of this version of sync, and drops versions that no sync keeps up to date any more.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lakefront_hot_tier::{CoverageKey, View};

use crate::clickhouse::{Bookkeeping, Tables, Target};
use crate::coverage::Coverage;
use crate::error::Result;
use crate::ledger::{FILL, FileState, Ledger, Record};
use crate::table_group::{TableGroup, first_kept};

/// Time without an update after which another version of a view is dropped. Until then, another version of sync may
/// return to it.
const KEEP_UNUSED: SignedDuration = SignedDuration::from_hours(1);

/// Creates the missing views, and returns true if there were any.
///
/// A new view has no rows of days that were loaded before. These days are first recorded as unfilled. The coverage
/// includes each one once it is filled.
pub(super) async fn create(
    target: &Target,
    tables: &Tables,
    bookkeeping: &mut Bookkeeping,
    groups: &[TableGroup],
    today: Date,
) -> Result<bool> {
    let mut any = false;
    for view in groups.iter().flat_map(|group| &group.views) {
        let complete =
            tables.has(&view.table()) && view.sources.iter().all(|source| tables.has(&feed(view, source)));
        if complete {
            continue;
        }
        any = true;
        let key = CoverageKey::of_view(view);
        let nothing = Coverage {
            first_day: None,
            as_of: Timestamp::now(),
        };
        target
            .write_coverage(bookkeeping, BTreeMap::from([(key, nothing)]))
            .await?;
        let first = first_kept(today, view.retention_days);
        let unfilled = loaded_days(&bookkeeping.ledger, view)
            .into_iter()
            .filter(|day| *day >= first)
            .map(|day| Record::mark(&view.table(), day, FILL, FileState::Loading));
        let unfilled: Vec<Record> = unfilled.collect();
        tracing::info!(
            target = target.name(),
            view = view.table(),
            days_to_fill = unfilled.len(),
            "creating a view"
        );
        target.write_ledger(bookkeeping, unfilled).await?;
        for statement in view.ddl("") {
            target
                .execute(&format!("create the view {}", view.table()), &statement)
                .await?;
        }
    }
    Ok(any)
}

/// Drops versions of views that no sync keeps up to date, once this version has no unfilled days.
pub(super) async fn drop_unused(
    target: &Target,
    tables: &mut Tables,
    bookkeeping: &mut Bookkeeping,
    groups: &[TableGroup],
) -> Result<()> {
    let mut any = false;
    for view in groups.iter().flat_map(|group| &group.views) {
        if bookkeeping.ledger.unfilled(&view.table()).next().is_some() {
            continue;
        }
        for old in other_versions(tables, view)
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            let version = &old[view.name.len() + 1..];
            let key = CoverageKey {
                name: view.name.clone(),
                version: version.to_owned(),
            };
            let coverage = bookkeeping.coverage.get(&key).copied();
            if coverage.is_some_and(|coverage| Timestamp::now().duration_since(coverage.as_of) < KEEP_UNUSED)
            {
                continue;
            }
            if let Some(coverage) = coverage {
                let nothing = Coverage {
                    first_day: None,
                    ..coverage
                };
                target
                    .write_coverage(bookkeeping, BTreeMap::from([(key, nothing)]))
                    .await?;
            }
            tracing::info!(
                target = target.name(),
                view = old,
                "dropping a view that nobody keeps"
            );
            any = true;
            let feeds = tables.with_prefix(&old).filter(|name| *name != old);
            for name in feeds.chain([old.as_str()]) {
                let sql = format!("DROP TABLE IF EXISTS otel.{name} SYNC");
                target.execute("drop an old view", &sql).await?;
            }
        }
    }
    if any {
        *tables = target.tables().await?;
    }
    Ok(())
}

/// Returns the tables of a view's other versions.
pub(super) fn other_versions<'a>(tables: &'a Tables, view: &'a View) -> impl Iterator<Item = &'a str> {
    let is_version = |rest: &str| rest.len() == 12 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let versions = tables.with_prefix(&view.name).filter(move |name| {
        let rest = name
            .strip_prefix(&view.name)
            .and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(is_version)
    });
    versions.filter(|name| **name != view.table())
}

/// Returns the name of the materialized view that feeds `view` from a raw table.
fn feed(view: &View, source: &str) -> String {
    format!("{}_from_{source}", view.table())
}

/// Returns the days with rows in any raw table that feeds the view.
fn loaded_days(ledger: &Ledger, view: &View) -> std::collections::BTreeSet<Date> {
    let mut days = std::collections::BTreeSet::new();
    for source in &view.sources {
        days.extend(
            ledger
                .days(source)
                .map(|(day, _)| day)
                .filter(|day| ledger.touched(source, *day)),
        );
    }
    days
}
