//! The columns of histograms with explicit bounds.

use arrow_array::RecordBatch;
use arrow_array::builder::{Float64Builder, Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;

use super::common::{CommonColumns, Series, long, point};
use super::exemplars::ExemplarColumns;
use crate::arrow::batch::{columns, finish};
use crate::arrow::column::ListColumn;
use crate::tables::{HISTOGRAM, table};

/// Builders of the columns of `otel_metrics_histogram`.
#[derive(Default)]
pub(super) struct HistogramColumns {
    common: CommonColumns,
    count: Int64Builder,
    sum: Float64Builder,
    bucket_counts: ListColumn<Int64Builder>,
    explicit_bounds: ListColumn<Float64Builder>,
    exemplars: ExemplarColumns,
    flags: Int64Builder,
    min: Float64Builder,
    max: Float64Builder,
    aggregation_temporality: Int32Builder,
    row_id: Int64Builder,
}

impl HistogramColumns {
    pub(super) fn append(
        &mut self,
        point: &HistogramDataPoint,
        temporality: i32,
        series: &Series<'_>,
        row_id: i64,
    ) {
        self.common.append(&point!(point), series);
        self.count.append_value(long(point.count));
        self.sum.append_option(point.sum);
        self.bucket_counts
            .elements
            .extend(point.bucket_counts.iter().map(|&count| Some(long(count))));
        self.bucket_counts.close(point.bucket_counts.len());
        self.explicit_bounds.elements.append_slice(&point.explicit_bounds);
        self.explicit_bounds.close(point.explicit_bounds.len());
        self.exemplars.append(&point.exemplars);
        self.flags.append_value(i64::from(point.flags));
        self.min.append_option(point.min);
        self.max.append_option(point.max);
        self.aggregation_temporality.append_value(temporality);
        self.row_id.append_value(row_id);
    }

    pub(super) fn finish(&mut self) -> (&'static str, RecordBatch) {
        let mut columns = self.common.columns();
        columns.extend(columns!(self;
            count = "Count",
            sum = "Sum",
            bucket_counts = "BucketCounts",
            explicit_bounds = "ExplicitBounds",
        ));
        columns.extend(self.exemplars.columns());
        columns.extend(columns!(self;
            flags = "Flags",
            min = "Min",
            max = "Max",
            aggregation_temporality = "AggregationTemporality",
            row_id = "RowId",
        ));
        (
            HISTOGRAM,
            finish(table(HISTOGRAM).expect("a table of ours"), columns),
        )
    }
}
