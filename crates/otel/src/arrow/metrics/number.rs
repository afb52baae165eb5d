//! The columns of gauges and sums.

use arrow_array::RecordBatch;
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, Sum};

use super::common::{CommonColumns, Series, point};
use super::exemplars::ExemplarColumns;
use crate::arrow::batch::{columns, finish};
use crate::tables::{GAUGE, SUM, table};

columns! {
    /// The columns that gauges and sums have in common.
    struct NumberColumns(point: &NumberDataPoint, series: &Series<'_>) {
        common: CommonColumns, .. => common.append(&point!(point), series);
        value: Float64Builder, "Value" => value.append_value(value_of(point));
        flags: Int64Builder, "Flags" => flags.append_value(i64::from(point.flags));
        exemplars: ExemplarColumns, .. => exemplars.append(&point.exemplars);
    }
}

columns! {
    /// The columns of `otel_metrics_gauge`.
    struct GaugeColumns(point: &NumberDataPoint, series: &Series<'_>, row_id: i64) {
        number: NumberColumns, .. => number.append(point, series);
        id: Int64Builder, "RowId" => id.append_value(row_id);
    }
}

columns! {
    /// The columns of `otel_metrics_sum`.
    struct SumColumns(point: &NumberDataPoint, sum: &Sum, series: &Series<'_>, row_id: i64) {
        number: NumberColumns, .. => number.append(point, series);
        temporality: Int32Builder, "AggregationTemporality" => temporality.append_value(sum.aggregation_temporality);
        is_monotonic: BooleanBuilder, "IsMonotonic" => is_monotonic.append_value(sum.is_monotonic);
        id: Int64Builder, "RowId" => id.append_value(row_id);
    }
}

fn value_of(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(Value::AsDouble(value)) => value,
        Some(Value::AsInt(value)) => value as f64,
        None => 0.0,
    }
}

impl GaugeColumns {
    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        (
            GAUGE,
            finish(table(GAUGE).expect("a table of ours"), self.columns()),
        )
    }
}

impl SumColumns {
    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        (SUM, finish(table(SUM).expect("a table of ours"), self.columns()))
    }
}
