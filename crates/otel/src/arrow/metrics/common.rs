//! The columns that all tables of metrics have.

use arrow_array::builder::{Int64Builder, TimestampMicrosecondBuilder};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::Metric;

use crate::arrow::batch::columns;
use crate::arrow::column::{Column, MapColumn, TextColumn, timestamps};
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

pub(super) struct CommonColumns {
    resource_attributes: MapColumn,
    resource_schema_url: TextColumn,
    scope_name: TextColumn,
    scope_version: TextColumn,
    scope_attributes: MapColumn,
    scope_dropped_attr_count: Int64Builder,
    scope_schema_url: TextColumn,
    service_name: TextColumn,
    metric_name: TextColumn,
    metric_description: TextColumn,
    metric_unit: TextColumn,
    attributes: MapColumn,
    start_time_unix: TimestampMicrosecondBuilder,
    time_unix: TimestampMicrosecondBuilder,
}

impl Default for CommonColumns {
    fn default() -> Self {
        Self {
            resource_attributes: MapColumn::default(),
            resource_schema_url: TextColumn::default(),
            scope_name: TextColumn::default(),
            scope_version: TextColumn::default(),
            scope_attributes: MapColumn::default(),
            scope_dropped_attr_count: Int64Builder::new(),
            scope_schema_url: TextColumn::default(),
            service_name: TextColumn::default(),
            metric_name: TextColumn::default(),
            metric_description: TextColumn::default(),
            metric_unit: TextColumn::default(),
            attributes: MapColumn::default(),
            start_time_unix: timestamps(),
            time_unix: timestamps(),
        }
    }
}

impl CommonColumns {
    pub(super) fn append(&mut self, point: &Point<'_>, series: &Series<'_>) {
        let Series {
            resource,
            scope,
            metric,
        } = series;
        self.resource_attributes.append_texts(&resource.attributes);
        self.resource_schema_url.append_value(resource.schema_url);
        self.scope_name.append_value(scope.name);
        self.scope_version.append_value(scope.version);
        self.scope_attributes.append_texts(&scope.attributes);
        self.scope_dropped_attr_count
            .append_value(i64::from(scope.dropped_attributes_count));
        self.scope_schema_url.append_value(scope.schema_url);
        self.service_name.append_value(&resource.service_name);
        self.metric_name.append_value(&metric.name);
        self.metric_description.append_value(&metric.description);
        self.metric_unit.append_value(&metric.unit);
        self.attributes.append(point.attributes);
        let start = point.start_time_unix_nano;
        self.start_time_unix
            .append_option((start != 0).then(|| micros(start, 0)));
        self.time_unix
            .append_value(micros(point.time_unix_nano, resource.arrival));
    }

    pub(super) fn columns(&mut self) -> Vec<(&'static str, &mut dyn Column)> {
        columns!(self;
            resource_attributes = "ResourceAttributes",
            resource_schema_url = "ResourceSchemaUrl",
            scope_name = "ScopeName",
            scope_version = "ScopeVersion",
            scope_attributes = "ScopeAttributes",
            scope_dropped_attr_count = "ScopeDroppedAttrCount",
            scope_schema_url = "ScopeSchemaUrl",
            service_name = "ServiceName",
            metric_name = "MetricName",
            metric_description = "MetricDescription",
            metric_unit = "MetricUnit",
            attributes = "Attributes",
            start_time_unix = "StartTimeUnix",
            time_unix = "TimeUnix",
        )
    }
}

/// Converts a count to the lake's type, which has no unsigned integers.
pub(super) fn long(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
