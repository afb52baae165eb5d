//! The columns of summaries.

use arrow_array::RecordBatch;
use arrow_array::builder::{Float64Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::SummaryDataPoint;

use super::common::{CommonColumns, Series, long, point};
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::ListColumn;
use crate::tables::{SUMMARY, table};

/// Builders of the columns of `otel_metrics_summary`.
#[derive(Default)]
pub(super) struct SummaryColumns {
    common: CommonColumns,
    count: Int64Builder,
    sum: Float64Builder,
    quantile: ListColumn<Float64Builder>,
    value: ListColumn<Float64Builder>,
    flags: Int64Builder,
    row_id: Int64Builder,
}

impl SummaryColumns {
    pub(super) fn append(&mut self, point: &SummaryDataPoint, series: &Series<'_>, row_id: i64) {
        self.common.append(&point!(point), series);
        self.count.append_value(long(point.count));
        self.sum.append_value(point.sum);
        for at in &point.quantile_values {
            self.quantile.elements.append_value(at.quantile);
            self.value.elements.append_value(at.value);
        }
        self.quantile.close(point.quantile_values.len());
        self.value.close(point.quantile_values.len());
        self.flags.append_value(i64::from(point.flags));
        self.row_id.append_value(row_id);
    }

    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let mut columns = self.common.columns();
        columns.extend(columns!(self;
            count = "Count",
            sum = "Sum",
            quantile = "ValueAtQuantiles.Quantile",
            value = "ValueAtQuantiles.Value",
            flags = "Flags",
            row_id = "RowId",
        ));
        (SUMMARY, finish(table(SUMMARY).expect("a table of ours"), columns))
    }
}
