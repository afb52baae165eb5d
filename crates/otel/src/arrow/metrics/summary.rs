//! The columns of summaries.

use arrow_array::RecordBatch;
use arrow_array::builder::{Float64Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::SummaryDataPoint;

use super::common::{CommonColumns, Series, long, point};
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::ListColumn;
use crate::tables::{SUMMARY, table};

columns! {
    /// The columns of `otel_metrics_summary`.
    struct SummaryColumns(point: &SummaryDataPoint, series: &Series<'_>, row_id: i64) {
        common: CommonColumns, .. => common.append(&point!(point), series);
        count: Int64Builder, "Count" => count.append_value(long(point.count));
        sum: Float64Builder, "Sum" => sum.append_value(point.sum);
        quantiles: ListColumn<Float64Builder>, "ValueAtQuantiles.Quantile" => quantiles
            .append(&point.quantile_values, |quantiles, at| quantiles.append_value(at.quantile));
        values: ListColumn<Float64Builder>, "ValueAtQuantiles.Value" => values
            .append(&point.quantile_values, |values, at| values.append_value(at.value));
        flags: Int64Builder, "Flags" => flags.append_value(i64::from(point.flags));
        id: Int64Builder, "RowId" => id.append_value(row_id);
    }
}

impl SummaryColumns {
    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        (
            SUMMARY,
            finish(table(SUMMARY).expect("a table of ours"), self.columns()),
        )
    }
}
