//! The builder of record batches of the five tables of metrics.

mod common;
mod exemplars;
mod exponential_histogram;
mod histogram;
mod number;
mod summary;

use arrow_array::RecordBatch;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;

use self::common::{Point, Series};
use self::exponential_histogram::ExponentialHistogramColumns;
use self::histogram::HistogramColumns;
use self::number::{GaugeColumns, SumColumns};
use self::summary::SummaryColumns;
use super::error::{AppendError, Appended};
use super::size;
use crate::map::{Mapper, RequestContext, Scope};

/// A builder that collects metrics until they are finished into batches.
#[derive(Default)]
pub struct MetricsBuilder {
    mapper: Mapper,
    gauge: GaugeColumns,
    sum: SumColumns,
    histogram: HistogramColumns,
    exponential_histogram: ExponentialHistogramColumns,
    summary: SummaryColumns,
    rows: usize,
    bytes: usize,
}

impl MetricsBuilder {
    /// Returns an empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends all data points of a request. Their row ids count up from `first_row_id`. A metric without data of a
    /// known kind is rejected and counts as one record.
    ///
    /// # Errors
    /// When the request does not fit the batch; nothing was appended then.
    pub fn append(
        &mut self,
        request: &ExportMetricsServiceRequest,
        context: &RequestContext<'_>,
        first_row_id: i64,
    ) -> Result<Appended, AppendError> {
        self.append_sized(request, context, first_row_id, size_of(request))
    }

    /// Appends a request whose approximate bytes as columns the caller has computed; see [`Self::append`].
    ///
    /// # Errors
    /// When the request does not fit the batch; nothing was appended then.
    pub fn append_sized(
        &mut self,
        request: &ExportMetricsServiceRequest,
        context: &RequestContext<'_>,
        first_row_id: i64,
        bytes: usize,
    ) -> Result<Appended, AppendError> {
        size::check(self.bytes, bytes)?;
        let before = self.rows;
        let mut appended = Appended::default();
        for resource_metrics in &request.resource_metrics {
            let resource = self.mapper.resource(
                resource_metrics.resource.as_ref(),
                &resource_metrics.schema_url,
                context,
            );
            for scope_metrics in &resource_metrics.scope_metrics {
                let scope = Scope::new(scope_metrics.scope.as_ref(), &scope_metrics.schema_url);
                for metric in &scope_metrics.metrics {
                    let series = Series {
                        resource: &resource,
                        scope: &scope,
                        metric,
                    };
                    let row_id = first_row_id + (self.rows - before) as i64;
                    match self.append_metric(&series, row_id) {
                        Some(rows) => self.rows += rows,
                        None => {
                            appended.rejected += 1;
                            appended.reason = Some("a metric needs data of one of the five kinds");
                        }
                    }
                }
            }
        }
        self.bytes += bytes;
        appended.rows = (self.rows - before) as u64;
        Ok(appended)
    }

    /// Returns the number of rows so far, over all tables.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the approximate bytes of the columns so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Finishes the rows into one batch for each table that has any, with the table's name. Empties the builder.
    pub fn finish(&mut self) -> Vec<(&'static str, RecordBatch)> {
        (self.rows, self.bytes) = (0, 0);
        let batches = [
            self.gauge.finish(),
            self.sum.finish(),
            self.histogram.finish(),
            self.exponential_histogram.finish(),
            self.summary.finish(),
        ];
        batches
            .into_iter()
            .filter(|(_, batch)| batch.num_rows() > 0)
            .collect()
    }

    /// Appends the points of a metric and returns their number; `None` if the metric has no data of a known kind.
    fn append_metric(&mut self, series: &Series<'_>, first_row_id: i64) -> Option<usize> {
        let row_ids = first_row_id..;
        match series.metric.data.as_ref()? {
            Data::Gauge(gauge) => {
                for (point, row_id) in gauge.data_points.iter().zip(row_ids) {
                    self.gauge.append(point, series, row_id);
                }
                Some(gauge.data_points.len())
            }
            Data::Sum(sum) => {
                for (point, row_id) in sum.data_points.iter().zip(row_ids) {
                    self.sum.append(point, sum, series, row_id);
                }
                Some(sum.data_points.len())
            }
            Data::Histogram(histogram) => {
                for (point, row_id) in histogram.data_points.iter().zip(row_ids) {
                    self.histogram
                        .append(point, histogram.aggregation_temporality, series, row_id);
                }
                Some(histogram.data_points.len())
            }
            Data::ExponentialHistogram(histogram) => {
                for (point, row_id) in histogram.data_points.iter().zip(row_ids) {
                    self.exponential_histogram.append(
                        point,
                        histogram.aggregation_temporality,
                        series,
                        row_id,
                    );
                }
                Some(histogram.data_points.len())
            }
            Data::Summary(summary) => {
                for (point, row_id) in summary.data_points.iter().zip(row_ids) {
                    self.summary.append(point, series, row_id);
                }
                Some(summary.data_points.len())
            }
        }
    }
}

/// Returns the approximate bytes of a request as columns. A request above [`MAX_BATCH_BYTES`](super::MAX_BATCH_BYTES)
/// is not appended.
pub fn size_of(request: &ExportMetricsServiceRequest) -> usize {
    let of_scopes = request
        .resource_metrics
        .iter()
        .flat_map(|metrics| metrics.scope_metrics.iter().map(move |scope| (metrics, scope)));
    let repeated = of_scopes.map(|(metrics, scope)| {
        let shared = size::shared(metrics.resource.as_ref(), scope.scope.as_ref()) + size::ROW;
        let of_metric = |metric: &Metric| {
            (shared + metric.name.len() + metric.description.len() + metric.unit.len()) * points(metric)
        };
        scope.metrics.iter().map(of_metric).sum::<usize>()
    });
    // Packed lists of small counts grow eightfold when decoded.
    repeated.sum::<usize>() + 8 * request.encoded_len()
}

/// Returns the number of data points of a metric.
fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
    }
}
