//! SQL over the tables in which sync keeps its books: `coverage`, `covered`, `ledger`, `lease` and `audit`.
//!
//! `clickhouse/migrations` and sync define these tables, and only sync writes to them. Every statement with which
//! another program reads them is here.

use crate::CoverageKey;

/// Selects the coverage of each view and raw table that holds any day: name, version, first complete day, and the age of
/// the time as of which the row is true, in milliseconds. The server computes the age, because the clocks of two
/// machines differ.
pub const COVERAGE: &str = "SELECT view, version, first_day, dateDiff('millisecond', as_of, now64(6)) AS age_ms \
     FROM otel.coverage FINAL WHERE first_day IS NOT NULL";

/// Selects the state of sync in one row: how far the coverage is, the totals of the ledger, and the holder of the lease.
///
/// Of a view, the version that was kept up to date last counts. Another one stays for a while after an upgrade.
pub const SYNC_STATE: &str = "WITH \
    (SELECT (minOrNullIf(latest, is_complete), countIf(is_complete), count()) FROM \
    (SELECT max(as_of) AS latest, argMax(first_day IS NOT NULL, as_of) AS is_complete FROM otel.coverage FINAL GROUP BY view)) AS coverage \
    SELECT \
    coverage.1 AS cursor, coverage.2 AS complete, coverage.3 AS held, \
    count() AS files, sum(rows) AS records, max(at) AS last, \
    (SELECT argMax([holder, state, formatDateTime(renewed, '%Y-%m-%dT%H:%i:%SZ')], number) FROM otel.lease FINAL) AS lease \
    FROM otel.ledger FINAL WHERE state = 'loaded'";

/// Selects the findings of the last audit of each day and table, in one row. Returns no row if there was no audit.
pub const AUDIT_FINDINGS: &str = "SELECT max(last) AS at, count() AS compared, countIf(is_wrong) AS wrong, countIf(was_repaired) AS mended, \
    groupArrayIf(10)(concat(table, ' of ', toString(day), ': ', toString(there), ' rows in the lake, ', toString(here), ' here'), is_wrong) AS which \
    FROM (SELECT table, day, max(at) AS last, argMax(differs AND NOT repaired, at) AS is_wrong, argMax(repaired, at) AS was_repaired, \
    argMax(lake_rows, at) AS there, argMax(rows, at) AS here FROM otel.audit GROUP BY table, day) HAVING compared > 0";

/// Returns a condition that is true, or fails the statement if the table's coverage begins after `{first_day:Date}`.
///
/// ClickHouse evaluates a scalar subquery before it reads a row, so that the guard fails on an empty table too.
/// `otel.covered` is a `Join` table in memory, which `joinGet` reads without a plan of its own. The text has no line
/// break, so that it may end up in a `--` comment.
pub(crate) fn guard(CoverageKey { name, version }: &CoverageKey) -> String {
    format!(
        "(SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', '{name}', '{version}') <= {{first_day:Date}}, false), \
         '{name} does not hold all of this range')) = 0"
    )
}
