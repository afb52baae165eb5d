//! The columns of exponential histograms.

use arrow_array::RecordBatch;
use arrow_array::builder::{Float64Builder, Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;

use super::common::{CommonColumns, Series, long, point};
use super::exemplars::ExemplarColumns;
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::ListColumn;
use crate::tables::{EXPONENTIAL_HISTOGRAM, table};

columns! {
    /// The columns of `otel_metrics_exponential_histogram`.
    struct ExponentialHistogramColumns(
        point: &ExponentialHistogramDataPoint, temporality: i32, series: &Series<'_>, row_id: i64
    ) {
        common: CommonColumns, .. => common.append(&point!(point), series);
        count: Int64Builder, "Count" => count.append_value(long(point.count));
        sum: Float64Builder, "Sum" => sum.append_option(point.sum);
        scale: Int32Builder, "Scale" => scale.append_value(point.scale);
        zero_count: Int64Builder, "ZeroCount" => zero_count.append_value(long(point.zero_count));
        positive_offset: Int32Builder, "PositiveOffset" => positive_offset.append_value(offset(point.positive.as_ref()));
        positive: ListColumn<Int64Builder>, "PositiveBucketCounts" => positive
            .append(counts(point.positive.as_ref()), |counts, &count| counts.append_value(long(count)));
        negative_offset: Int32Builder, "NegativeOffset" => negative_offset.append_value(offset(point.negative.as_ref()));
        negative: ListColumn<Int64Builder>, "NegativeBucketCounts" => negative
            .append(counts(point.negative.as_ref()), |counts, &count| counts.append_value(long(count)));
        exemplars: ExemplarColumns, .. => exemplars.append(&point.exemplars);
        flags: Int64Builder, "Flags" => flags.append_value(i64::from(point.flags));
        min: Float64Builder, "Min" => min.append_option(point.min);
        max: Float64Builder, "Max" => max.append_option(point.max);
        aggregation: Int32Builder, "AggregationTemporality" => aggregation.append_value(temporality);
        id: Int64Builder, "RowId" => id.append_value(row_id);
    }
}

fn offset(buckets: Option<&Buckets>) -> i32 {
    buckets.map_or(0, |buckets| buckets.offset)
}

fn counts(buckets: Option<&Buckets>) -> &[u64] {
    buckets
        .map(|buckets| buckets.bucket_counts.as_slice())
        .unwrap_or_default()
}

impl ExponentialHistogramColumns {
    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let table = table(EXPONENTIAL_HISTOGRAM).expect("a table of ours");
        (EXPONENTIAL_HISTOGRAM, finish(table, self.columns()))
    }
}
