//! Counts what senders sent, for the Usage page.
//!
//! Ingest and the Worker count requests, records and bytes by key, service, signal and outcome, and write the counts into the
//! lake now and then, as log records named [`USAGE_EVENT`]. Queries add them up.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use lakefront_otel::decode::{Request, Signal};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Value, json};

use crate::Accepted;

/// The name of the events with counts.
pub const USAGE_EVENT: &str = "lakefront.usage";

/// Most counts of an interval. Senders choose the names of services; those of further services are added up as [`OTHER`].
const MOST: usize = 1_000;
/// The service of the counts beyond [`MOST`].
const OTHER: &str = "other";
/// Longest name of a service or an environment, in characters.
const NAME_CHARS: usize = 128;
const INFO: u8 = 9;

/// Requests, records and bytes of decompressed bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Number of requests.
    pub requests: u64,
    /// Number of log records, spans and data points.
    pub records: u64,
    /// Bytes of bodies, after decompression.
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    key: String,
    service: String,
    environment: String,
    /// A signal, or the name of a table.
    signal: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

/// Counts since the last [`Usage::take`].
#[derive(Debug, Default)]
pub struct Usage {
    counts: BTreeMap<Counted, Amount>,
}

impl Usage {
    /// Counts a request that was accepted. `key` is the name of its key. Its bytes are shared out to the services by their
    /// numbers of records, and records that were rejected count for the first service.
    pub fn accepted(&mut self, key: &str, signal: Signal, accepted: &Accepted) {
        let services = services(&accepted.request);
        let records: u64 = services.iter().map(|service| service.records).sum();
        let (mut bytes_left, mut records_left) = (accepted.body_bytes as u64, records);
        for (index, service) in services.iter().enumerate() {
            // The last one gets what is left, so that nothing is lost by rounding.
            let bytes = match records_left {
                0 => 0,
                left => (u128::from(bytes_left) * u128::from(service.records) / u128::from(left)) as u64,
            };
            bytes_left -= bytes;
            records_left -= service.records;
            let amount = Amount {
                requests: u64::from(index == 0),
                records: service.records,
                bytes,
            };
            self.add(service.counted(key, signal, "accepted", ""), amount);
        }
        let first = services.first().copied().unwrap_or_default();
        for rejected in &accepted.rejected {
            let amount = Amount {
                records: rejected.count,
                ..Amount::default()
            };
            self.add(
                first.counted(key, signal, "rejected", rejected.reason.name()),
                amount,
            );
        }
    }

    /// Counts a request that was refused, for a reason in one word.
    pub fn refused(&mut self, key: &str, signal: &'static str, reason: &'static str) {
        let counted = Counted {
            key: key.to_owned(),
            signal,
            outcome: "refused",
            reason,
            ..Counted::default()
        };
        let amount = Amount {
            requests: 1,
            ..Amount::default()
        };
        self.add(counted, amount);
    }

    /// Counts rows that streams have taken in so many chunks, with the bytes of their JSON.
    pub fn sent(&mut self, signal: Signal, chunks: u64, records: u64, bytes: u64) {
        let counted = Counted {
            signal: signal.name(),
            outcome: "sent",
            ..Counted::default()
        };
        let amount = Amount {
            requests: chunks,
            records,
            bytes,
        };
        self.add(counted, amount);
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: Self) {
        for (counted, amount) in other.counts {
            self.add(counted, amount);
        }
    }

    /// Counts what a table has: its rows and the bytes of its files, as one request.
    pub fn stored(&mut self, table: &'static str, records: u64, bytes: u64) {
        let amount = Amount {
            requests: 1,
            records,
            bytes,
        };
        self.add(of_table(table, "stored"), amount);
    }

    /// Counts commits of a table as requests.
    pub fn committed(&mut self, table: &'static str, commits: u64) {
        let amount = Amount {
            requests: commits,
            ..Amount::default()
        };
        self.add(of_table(table, "committed"), amount);
    }

    fn add(&mut self, counted: Counted, amount: Amount) {
        let is_full = self.counts.len() >= MOST;
        let entry = match self.counts.entry(counted) {
            // Keys, signals, outcomes and reasons are few, so that this bounds the counts as well.
            Entry::Vacant(vacant) if is_full => {
                let other = Counted {
                    service: OTHER.to_owned(),
                    environment: String::new(),
                    ..vacant.into_key()
                };
                self.counts.entry(other)
            }
            entry => entry,
        };
        let total = entry.or_default();
        total.requests += amount.requests;
        total.records += amount.records;
        total.bytes += amount.bytes;
    }

    /// Takes the counts as log records in OTLP's JSON encoding. Their time is `since`, in microseconds since 1970 UTC: when the
    /// interval of the counts began. `by` is the program that counted, `ingest` or `worker`.
    pub fn take(&mut self, by: &str, since: i64) -> Vec<Value> {
        let counts = std::mem::take(&mut self.counts).into_iter();
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let number = |key: &str, value: u64| json!({"key": key, "value": {"intValue": value.to_string()}});
        counts
            .map(|(of, amount)| {
                let values = [
                    text("by", by),
                    text("key", &of.key),
                    text("service", &of.service),
                    text("environment", &of.environment),
                    text("signal", of.signal),
                    text("outcome", of.outcome),
                    text("reason", of.reason),
                    number("requests", amount.requests),
                    number("records", amount.records),
                    number("bytes", amount.bytes),
                ];
                json!({
                    "timeUnixNano": (i128::from(since) * 1000).to_string(),
                    "severityNumber": INFO,
                    "eventName": USAGE_EVENT,
                    "body": {"kvlistValue": {"values": values}},
                })
            })
            .collect()
    }
}

fn of_table(table: &'static str, outcome: &'static str) -> Counted {
    Counted {
        signal: table,
        outcome,
        ..Counted::default()
    }
}

/// A resource of a request, with its number of records.
#[derive(Clone, Copy, Debug, Default)]
struct Service<'a> {
    name: &'a str,
    environment: &'a str,
    records: u64,
}

impl<'a> Service<'a> {
    fn of(resource: Option<&'a Resource>, records: usize) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        let of = |key| text(attributes, key);
        Self {
            name: of("service.name").unwrap_or_default(),
            environment: of("deployment.environment.name")
                .or_else(|| of("deployment.environment"))
                .unwrap_or_default(),
            records: records as u64,
        }
    }

    fn counted(&self, key: &str, signal: Signal, outcome: &'static str, reason: &'static str) -> Counted {
        let short = |name: &str| name.chars().take(NAME_CHARS).collect();
        Counted {
            key: key.to_owned(),
            service: short(self.name),
            environment: short(self.environment),
            signal: signal.name(),
            outcome,
            reason,
        }
    }
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

fn services(request: &Request) -> Vec<Service<'_>> {
    match request {
        Request::Logs(logs) => logs
            .resource_logs
            .iter()
            .map(|of| {
                let records = of.scope_logs.iter().map(|scope| scope.log_records.len()).sum();
                Service::of(of.resource.as_ref(), records)
            })
            .collect(),
        Request::Traces(traces) => traces
            .resource_spans
            .iter()
            .map(|of| {
                let records = of.scope_spans.iter().map(|scope| scope.spans.len()).sum();
                Service::of(of.resource.as_ref(), records)
            })
            .collect(),
        Request::Metrics(metrics) => metrics
            .resource_metrics
            .iter()
            .map(|of| {
                let metrics = of.scope_metrics.iter().flat_map(|scope| &scope.metrics);
                Service::of(of.resource.as_ref(), metrics.map(points).sum())
            })
            .collect(),
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
        None => 0,
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
