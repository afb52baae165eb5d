//! The columns of histograms with explicit bounds.

use arrow_array::RecordBatch;
use arrow_array::builder::{Float64Builder, Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;

use super::common::{CommonColumns, Series, long, point};
use super::exemplars::ExemplarColumns;
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::ListColumn;
use crate::tables::{HISTOGRAM, table};

columns! {
    /// The columns of `otel_metrics_histogram`.
    struct HistogramColumns(point: &HistogramDataPoint, temporality: i32, series: &Series<'_>, row_id: i64) {
        common: CommonColumns, .. => common.append(&point!(point), series);
        count: Int64Builder, "Count" => count.append_value(long(point.count));
        sum: Float64Builder, "Sum" => sum.append_option(point.sum);
        bucket_counts: ListColumn<Int64Builder>, "BucketCounts" => bucket_counts
            .append(&point.bucket_counts, |counts, &count| counts.append_value(long(count)));
        bounds: ListColumn<Float64Builder>, "ExplicitBounds" => bounds
            .append(&point.explicit_bounds, |bounds, &bound| bounds.append_value(bound));
        exemplars: ExemplarColumns, .. => exemplars.append(&point.exemplars);
        flags: Int64Builder, "Flags" => flags.append_value(i64::from(point.flags));
        min: Float64Builder, "Min" => min.append_option(point.min);
        max: Float64Builder, "Max" => max.append_option(point.max);
        aggregation: Int32Builder, "AggregationTemporality" => aggregation.append_value(temporality);
        id: Int64Builder, "RowId" => id.append_value(row_id);
    }
}

impl HistogramColumns {
    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let table = table(HISTOGRAM).expect("a table of ours");
        (HISTOGRAM, finish(table, self.columns()))
    }
}
