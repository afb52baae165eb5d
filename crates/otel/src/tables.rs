//! The seven tables: one definition for every reader and writer.

mod logs;
mod metrics;
mod promoted;
mod traces;

use std::sync::LazyLock;

use crate::table::{ColumnDef, ColumnType, Table};

/// `otel_logs`
pub const LOGS: &str = "otel_logs";
/// `otel_traces`
pub const TRACES: &str = "otel_traces";
/// `otel_metrics_gauge`
pub const GAUGE: &str = "otel_metrics_gauge";
/// `otel_metrics_sum`
pub const SUM: &str = "otel_metrics_sum";
/// `otel_metrics_histogram`
pub const HISTOGRAM: &str = "otel_metrics_histogram";
/// `otel_metrics_exponential_histogram`
pub const EXPONENTIAL_HISTOGRAM: &str = "otel_metrics_exponential_histogram";
/// `otel_metrics_summary`
pub const SUMMARY: &str = "otel_metrics_summary";

const ROW_ID: ColumnDef = ColumnDef::required(
    "RowId",
    ColumnType::Long,
    "Unique number of the row: writer in the high 16 bits, log position below; grows with arrival within a writer.",
);

/// The seven tables: `otel_logs`, `otel_traces`, `otel_metrics_gauge`, `_sum`, `_histogram`, `_exponential_histogram`
/// and `_summary`.
///
/// Which rows count as what needs no map: a row is
/// - an **error** when `ErrorType != ''` (logs and traces; one exception may be reported both ways by an SDK that does both),
/// - a **page view** when `IsPageView` (logs),
/// - a **web vital** when `VitalName != ''` (logs),
/// - a **request** when `HttpRoute != ''` (traces: SERVER spans; logs: `http.server.request` without a span),
/// - any other event (a funnel's step) by its `EventName` (logs).
///
/// `PagePath`, `PageRoute`, the ids of who, and the User-Agent's columns are filled on every row that has them.
pub fn tables() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
        vec![
            logs::table(),
            traces::table(),
            metrics::gauge(),
            metrics::sum(),
            metrics::histogram(),
            metrics::exponential_histogram(),
            metrics::summary(),
        ]
    });
    &TABLES
}

/// The table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    tables().iter().find(|table| table.name == name)
}
