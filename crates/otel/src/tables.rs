//! The seven tables: the one definition that every reader and writer follows.

mod logs;
mod metrics;
mod promoted;
mod traces;

use std::sync::LazyLock;

use crate::table::{ColumnDef, ColumnType, Table};

/// Name of the table of log records.
pub const LOGS: &str = "otel_logs";
/// Name of the table of spans.
pub const TRACES: &str = "otel_traces";
/// Name of the table of gauge points.
pub const GAUGE: &str = "otel_metrics_gauge";
/// Name of the table of sum points.
pub const SUM: &str = "otel_metrics_sum";
/// Name of the table of histogram points.
pub const HISTOGRAM: &str = "otel_metrics_histogram";
/// Name of the table of exponential histogram points.
pub const EXPONENTIAL_HISTOGRAM: &str = "otel_metrics_exponential_histogram";
/// Name of the table of summary points.
pub const SUMMARY: &str = "otel_metrics_summary";

const ROW_ID: ColumnDef = ColumnDef::required(
    "RowId",
    ColumnType::Long,
    "Unique number of the row: writer in the high 16 bits, log position below; grows with arrival within a writer.",
);

/// Returns the seven tables: `otel_logs`, `otel_traces`, `otel_metrics_gauge`, `_sum`, `_histogram`,
/// `_exponential_histogram` and `_summary`.
///
/// The promoted columns classify rows, so that queries read no map. A row is
/// - an **error** when `ErrorType != ''` (logs and traces; an SDK that reports an exception both ways causes two
///   errors),
/// - a **page view** when `IsPageView` (logs),
/// - a **web vital** when `VitalName != ''` (logs),
/// - a **request** when `HttpRoute != ''` (traces: SERVER spans; logs: `http.server.request` without a span),
/// - any other event, such as a step of a funnel, by its `EventName` (logs).
///
/// `PagePath`, `PageRoute`, the ids of user, session and visitor, and the columns of the User-Agent are filled on every
/// row that has their values.
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

/// Returns the table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    tables().iter().find(|table| table.name == name)
}
