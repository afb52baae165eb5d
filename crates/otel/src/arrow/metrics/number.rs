//! The columns of gauges and sums.

use arrow_array::RecordBatch;
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, Sum};

use super::common::{CommonColumns, Series, point};
use super::exemplars::ExemplarColumns;
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::Column;
use crate::tables::{GAUGE, SUM, table};

/// Builders of the columns that gauges and sums have in common.
#[derive(Default)]
struct NumberColumns {
    common: CommonColumns,
    value: Float64Builder,
    flags: Int64Builder,
    exemplars: ExemplarColumns,
}

impl NumberColumns {
    fn append(&mut self, point: &NumberDataPoint, series: &Series<'_>) {
        self.common.append(&point!(point), series);
        self.value.append_value(match point.value {
            Some(Value::AsDouble(value)) => value,
            Some(Value::AsInt(value)) => value as f64,
            None => 0.0,
        });
        self.flags.append_value(i64::from(point.flags));
        self.exemplars.append(&point.exemplars);
    }

    fn columns(&mut self) -> Vec<(&'static str, &mut dyn Column)> {
        let mut columns = self.common.columns();
        columns.extend(columns!(self; value = "Value", flags = "Flags",));
        columns.extend(self.exemplars.columns());
        columns
    }
}

/// Builders of the columns of `otel_metrics_gauge`.
#[derive(Default)]
pub(super) struct GaugeColumns {
    number: NumberColumns,
    row_id: Int64Builder,
}

impl GaugeColumns {
    pub(super) fn append(&mut self, point: &NumberDataPoint, series: &Series<'_>, row_id: i64) {
        self.number.append(point, series);
        self.row_id.append_value(row_id);
    }

    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let mut columns = self.number.columns();
        columns.extend(columns!(self; row_id = "RowId",));
        (GAUGE, finish(table(GAUGE).expect("a table of ours"), columns))
    }
}

/// Builders of the columns of `otel_metrics_sum`.
#[derive(Default)]
pub(super) struct SumColumns {
    number: NumberColumns,
    aggregation_temporality: Int32Builder,
    is_monotonic: BooleanBuilder,
    row_id: Int64Builder,
}

impl SumColumns {
    pub(super) fn append(&mut self, point: &NumberDataPoint, sum: &Sum, series: &Series<'_>, row_id: i64) {
        self.number.append(point, series);
        self.aggregation_temporality
            .append_value(sum.aggregation_temporality);
        self.is_monotonic.append_value(sum.is_monotonic);
        self.row_id.append_value(row_id);
    }

    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let mut columns = self.number.columns();
        columns.extend(columns!(self;
            aggregation_temporality = "AggregationTemporality",
            is_monotonic = "IsMonotonic",
            row_id = "RowId",
        ));
        (SUM, finish(table(SUM).expect("a table of ours"), columns))
    }
}
