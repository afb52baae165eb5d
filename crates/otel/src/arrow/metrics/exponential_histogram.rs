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

/// Builders of the columns of `otel_metrics_exponential_histogram`.
#[derive(Default)]
pub(super) struct ExponentialHistogramColumns {
    common: CommonColumns,
    count: Int64Builder,
    sum: Float64Builder,
    scale: Int32Builder,
    zero_count: Int64Builder,
    positive: BucketColumns,
    negative: BucketColumns,
    exemplars: ExemplarColumns,
    flags: Int64Builder,
    min: Float64Builder,
    max: Float64Builder,
    aggregation_temporality: Int32Builder,
    row_id: Int64Builder,
}

#[derive(Default)]
struct BucketColumns {
    offset: Int32Builder,
    counts: ListColumn<Int64Builder>,
}

impl BucketColumns {
    fn append(&mut self, buckets: Option<&Buckets>) {
        self.offset
            .append_value(buckets.map_or(0, |buckets| buckets.offset));
        let counts = buckets
            .map(|buckets| buckets.bucket_counts.as_slice())
            .unwrap_or_default();
        self.counts
            .elements
            .extend(counts.iter().map(|&count| Some(long(count))));
        self.counts.close(counts.len());
    }
}

impl ExponentialHistogramColumns {
    pub(super) fn append(
        &mut self,
        point: &ExponentialHistogramDataPoint,
        temporality: i32,
        series: &Series<'_>,
        row_id: i64,
    ) {
        self.common.append(&point!(point), series);
        self.count.append_value(long(point.count));
        self.sum.append_option(point.sum);
        self.scale.append_value(point.scale);
        self.zero_count.append_value(long(point.zero_count));
        self.positive.append(point.positive.as_ref());
        self.negative.append(point.negative.as_ref());
        self.exemplars.append(&point.exemplars);
        self.flags.append_value(i64::from(point.flags));
        self.min.append_option(point.min);
        self.max.append_option(point.max);
        self.aggregation_temporality.append_value(temporality);
        self.row_id.append_value(row_id);
    }

    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let mut columns = self.common.columns();
        columns
            .extend(columns!(self; count = "Count", sum = "Sum", scale = "Scale", zero_count = "ZeroCount",));
        columns.extend(columns!(self.positive; offset = "PositiveOffset", counts = "PositiveBucketCounts",));
        columns.extend(columns!(self.negative; offset = "NegativeOffset", counts = "NegativeBucketCounts",));
        columns.extend(self.exemplars.columns());
        columns.extend(columns!(self;
            flags = "Flags",
            min = "Min",
            max = "Max",
            aggregation_temporality = "AggregationTemporality",
            row_id = "RowId",
        ));
        (
            EXPONENTIAL_HISTOGRAM,
            finish(table(EXPONENTIAL_HISTOGRAM).expect("a table of ours"), columns),
        )
    }
}
