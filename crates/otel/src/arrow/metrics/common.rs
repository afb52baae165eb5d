//! The columns that all tables of metrics have.

use arrow_array::builder::Int64Builder;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::Metric;

use crate::arrow::batch::columns;
use crate::arrow::column::{MapColumn, TextColumn, TimeColumn};
use crate::map::{Resource, Scope, micros};

/// The values that all points of a metric share.
pub(super) struct Series<'a> {
    pub(super) resource: &'a Resource<'a>,
    pub(super) scope: &'a Scope<'a>,
    pub(super) metric: &'a Metric,
}

/// The values that every kind of data point has.
pub(super) struct Point<'a> {
    pub(super) attributes: &'a [KeyValue],
    pub(super) start_time_unix_nano: u64,
    pub(super) time_unix_nano: u64,
}

/// Returns the [`Point`] of any kind of data point.
macro_rules! point {
    ($point:expr) => {
        $crate::arrow::metrics::Point {
            attributes: &$point.attributes,
            start_time_unix_nano: $point.start_time_unix_nano,
            time_unix_nano: $point.time_unix_nano,
        }
    };
}

pub(super) use point;

columns! {
    struct CommonColumns(point: &Point<'_>, series: &Series<'_>) {
        resource_attributes: MapColumn, "ResourceAttributes" => resource_attributes.append_texts(&series.resource.attributes);
        resource_schema_url: TextColumn, "ResourceSchemaUrl" => resource_schema_url.append_value(series.resource.schema_url);
        scope_name: TextColumn, "ScopeName" => scope_name.append_value(series.scope.name);
        scope_version: TextColumn, "ScopeVersion" => scope_version.append_value(series.scope.version);
        scope_attributes: MapColumn, "ScopeAttributes" => scope_attributes.append_texts(&series.scope.attributes);
        scope_dropped: Int64Builder, "ScopeDroppedAttrCount" => scope_dropped
            .append_value(i64::from(series.scope.dropped_attributes_count));
        scope_schema_url: TextColumn, "ScopeSchemaUrl" => scope_schema_url.append_value(series.scope.schema_url);
        service_name: TextColumn, "ServiceName" => service_name.append_value(&series.resource.service_name);
        name: TextColumn, "MetricName" => name.append_value(&series.metric.name);
        description: TextColumn, "MetricDescription" => description.append_value(&series.metric.description);
        unit: TextColumn, "MetricUnit" => unit.append_value(&series.metric.unit);
        attributes: MapColumn, "Attributes" => attributes.append(point.attributes);
        start: TimeColumn, "StartTimeUnix" => start.append_option(start_of(point));
        time: TimeColumn, "TimeUnix" => time.append_value(micros(point.time_unix_nano, series.resource.arrival));
    }
}

/// Returns the start of a point's interval in microseconds since 1970 UTC, if the point has one.
fn start_of(point: &Point<'_>) -> Option<i64> {
    let start = point.start_time_unix_nano;
    (start != 0).then(|| micros(start, 0))
}

/// Converts a count to the lake's type, which has no unsigned integers.
pub(super) fn long(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
