//! The Prometheus metrics of the process.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// Label of metrics that are counted per signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SignalLabel {
    /// `logs`, `traces` or `metrics`
    pub signal: &'static str,
}

/// Labels of answered requests: signal and HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `logs`, `traces` or `metrics`
    pub signal: &'static str,
    /// HTTP status of the answer.
    pub status: u16,
}

/// Labels of refused requests, rejected records and changed values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RejectedLabels {
    /// `logs`, `traces` or `metrics`
    pub signal: &'static str,
    /// Reason, as one word.
    pub reason: &'static str,
}

/// Label of metrics that are counted per table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TableLabel {
    /// Name of the table.
    pub table: &'static str,
}

/// Labels of rows that landed through Cloudflare Pipelines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LandingLabels {
    /// Name of the table.
    pub table: &'static str,
    /// `accepted`, `landed`, `moved`, `repeated`, `unreadable` or `missing`
    pub stage: &'static str,
}

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Answered requests.
    pub requests: Family<RequestLabels, Counter>,
    /// Acknowledged log records, spans and data points.
    pub records: Family<SignalLabel, Counter>,
    /// Log records, spans and data points that were rejected within accepted requests.
    pub rejected_records: Family<RejectedLabels, Counter>,
    /// Values of accepted records that were changed or left out.
    pub changed_values: Family<RejectedLabels, Counter>,
    /// Records whose times were shifted because the sender's clock is wrong.
    pub shifted_records: Counter,
    /// Repeated requests that were not stored again.
    pub repeated_requests: Family<SignalLabel, Counter>,
    /// Refused requests.
    pub rejected_requests: Family<RejectedLabels, Counter>,
    /// Bytes of request bodies as received, before decompression.
    pub received_bytes: Family<SignalLabel, Counter>,
    /// Bytes appended to the log.
    pub wal_bytes: Counter,
    /// Seconds of one write and sync of the log.
    pub fsync: Histogram,
    /// Seconds of one commit: writing data files and appending them.
    pub commit: Family<TableLabel, Histogram>,
    /// Commits of rows.
    pub commits: Family<TableLabel, Counter>,
    /// Rows committed.
    pub committed_rows: Family<TableLabel, Counter>,
    /// Attempts to commit that failed.
    pub commit_failures: Family<TableLabel, Counter>,
    /// Rewrites of small files that were committed.
    pub compactions: Family<TableLabel, Counter>,
    /// Bytes of the files that rewrites replaced.
    pub compacted_bytes: Family<TableLabel, Counter>,
    /// Attempts to compact that failed.
    pub compaction_failures: Family<TableLabel, Counter>,
    /// Rows of days that were dropped because the table no longer keeps them.
    pub dropped_rows: Family<TableLabel, Counter>,
    /// Rows that landed through Cloudflare Pipelines, over the kept hours.
    pub landing_rows: Family<LandingLabels, Gauge>,
    /// Data files that are small enough to be compacted.
    pub small_files: Family<TableLabel, Gauge>,
    /// Requests that were decoded again from the log, because the queue was full or the program was restarted.
    pub decoded_again: Counter,
    /// Open tails.
    pub open_tails: Gauge,
    /// Bytes in the log that are not in the lake.
    pub backlog_bytes: Gauge,
    /// Records in the log that are not in the lake.
    pub backlog_records: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || exponential_buckets(0.000_25, 2.0, 18);
        let mut metrics = Self {
            registry: Registry::with_prefix("lakefront_ingest"),
            requests: Family::default(),
            records: Family::default(),
            rejected_records: Family::default(),
            changed_values: Family::default(),
            shifted_records: Counter::default(),
            repeated_requests: Family::default(),
            rejected_requests: Family::default(),
            received_bytes: Family::default(),
            wal_bytes: Counter::default(),
            fsync: Histogram::new(seconds()),
            commit: Family::new_with_constructor(move || Histogram::new(exponential_buckets(0.001, 2.0, 16))),
            commits: Family::default(),
            committed_rows: Family::default(),
            commit_failures: Family::default(),
            compactions: Family::default(),
            compacted_bytes: Family::default(),
            compaction_failures: Family::default(),
            dropped_rows: Family::default(),
            landing_rows: Family::default(),
            small_files: Family::default(),
            decoded_again: Counter::default(),
            backlog_bytes: Gauge::default(),
            open_tails: Gauge::default(),
            backlog_records: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("requests", "Requests answered", self.requests.clone());
        r.register("records", "Records acknowledged", self.records.clone());
        r.register(
            "rejected_records",
            "Records refused within accepted requests",
            self.rejected_records.clone(),
        );
        r.register(
            "changed_values",
            "Values changed or left out of records that were taken",
            self.changed_values.clone(),
        );
        r.register(
            "shifted_records",
            "Records whose times were shifted, because the sender's clock is wrong",
            self.shifted_records.clone(),
        );
        r.register(
            "repeated_requests",
            "Requests that were accepted before and are not stored again",
            self.repeated_requests.clone(),
        );
        r.register(
            "rejected_requests",
            "Requests refused",
            self.rejected_requests.clone(),
        );
        r.register(
            "received_bytes",
            "Bytes of request bodies as received",
            self.received_bytes.clone(),
        );
        r.register(
            "wal_bytes",
            "Bytes appended to the write-ahead log",
            self.wal_bytes.clone(),
        );
        r.register_with_unit(
            "wal_sync",
            "One write and sync of the log",
            Unit::Seconds,
            self.fsync.clone(),
        );
        r.register_with_unit(
            "commit",
            "One commit of a table",
            Unit::Seconds,
            self.commit.clone(),
        );
        r.register("commits", "Commits of rows", self.commits.clone());
        r.register("committed_rows", "Rows committed", self.committed_rows.clone());
        r.register(
            "commit_failures",
            "Attempts to commit that failed",
            self.commit_failures.clone(),
        );
        r.register(
            "compactions",
            "Rewrites of small data files",
            self.compactions.clone(),
        );
        r.register(
            "compacted_bytes",
            "Bytes of the data files that rewrites replaced",
            self.compacted_bytes.clone(),
        );
        r.register(
            "compaction_failures",
            "Attempts to compact that failed",
            self.compaction_failures.clone(),
        );
        r.register(
            "dropped_rows",
            "Rows of days that were dropped because the table no longer keeps them",
            self.dropped_rows.clone(),
        );
        r.register(
            "landing_rows",
            "Rows of the last 48 hours that landed through Cloudflare Pipelines, by stage; `missing` were accepted and never landed",
            self.landing_rows.clone(),
        );
        r.register(
            "small_files",
            "Data files that are small enough to be compacted",
            self.small_files.clone(),
        );
        r.register(
            "decoded_again",
            "Requests decoded again from the log",
            self.decoded_again.clone(),
        );
        r.register("open_tails", "Open live tails", self.open_tails.clone());
        r.register(
            "backlog_bytes",
            "Bytes in the log that are not in the lake",
            self.backlog_bytes.clone(),
        );
        r.register(
            "backlog_records",
            "Records in the log that are not in the lake",
            self.backlog_records.clone(),
        );
    }

    /// Returns the text of `GET /metrics`.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
