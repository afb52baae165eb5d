//! The definitions of the five tables of metrics: one row per data point.

use super::{EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, ROW_ID, SUM, SUMMARY};
use crate::table::{ColumnDef as C, ColumnType::*, Table};

const COMMON: &[C] = &[
    C::required(
        "ResourceAttributes",
        StringMap,
        "Attributes of the resource; values other than strings as JSON.",
    ),
    C::required(
        "ResourceSchemaUrl",
        String,
        "Schema of the resource's attributes.",
    )
    .low_cardinality(),
    C::required("ScopeName", String, "Name of the instrumentation scope.").low_cardinality(),
    C::required("ScopeVersion", String, "Version of the instrumentation scope.").low_cardinality(),
    C::required(
        "ScopeAttributes",
        StringMap,
        "Attributes of the instrumentation scope.",
    ),
    C::required(
        "ScopeDroppedAttrCount",
        Long,
        "How many attributes of the scope the sender dropped.",
    ),
    C::required("ScopeSchemaUrl", String, "Schema of the scope's attributes.").low_cardinality(),
    C::required("ServiceName", String, "`service.name` of the resource.").low_cardinality(),
    C::required("MetricName", String, "Name of the metric.").low_cardinality(),
    C::required("MetricDescription", String, "Description of the metric.").low_cardinality(),
    C::required("MetricUnit", String, "Unit (UCUM).").low_cardinality(),
    C::required("Attributes", StringMap, "Attributes of the data point."),
    C::optional(
        "StartTimeUnix",
        Timestamp,
        "Start of the interval the point covers.",
    ),
    C::required("TimeUnix", Timestamp, "Time of the data point, else arrival."),
];

const FLAGS: C = C::required("Flags", Long, "Flags of the data point; 1: no recorded value.");

const VALUE: &[C] = &[
    C::required(
        "Value",
        Double,
        "Value; a whole number becomes a double. 0 when Flags say that there is none.",
    ),
    FLAGS,
];

const EXEMPLARS: &[C] = &[
    C::required(
        "Exemplars.FilteredAttributes",
        List(&StringMap),
        "Attributes of the exemplars beyond the point's.",
    ),
    C::required("Exemplars.TimeUnix", List(&Timestamp), "Times of the exemplars."),
    C::required("Exemplars.Value", List(&Double), "Values of the exemplars."),
    C::required("Exemplars.SpanId", List(&String), "Spans of the exemplars."),
    C::required("Exemplars.TraceId", List(&String), "Traces of the exemplars."),
];

const TEMPORALITY: C = C::required(
    "AggregationTemporality",
    Int,
    "0 unspecified, 1 delta, 2 cumulative.",
);

const COUNT: C = C::required("Count", Long, "Number of measurements.");

const SUM_OF_MEASUREMENTS: C = C::optional("Sum", Double, "Sum of the measurements, null when not kept.");

const EXTREMES: &[C] = &[
    C::optional("Min", Double, "Smallest measurement, null when not kept."),
    C::optional("Max", Double, "Greatest measurement, null when not kept."),
    TEMPORALITY,
];

/// Returns a table of metrics. The tables differ only in the columns of their kind of data point.
fn metric_table(name: &'static str, doc: &'static str, own: &[&[C]]) -> Table {
    let mut groups = vec![COMMON];
    groups.extend(own);
    groups.push(&[ROW_ID]);
    Table::new(
        name,
        doc,
        &[&groups],
        "TimeUnix",
        &["ServiceName", "MetricName", "TimeUnix", "RowId"],
        &[],
    )
}

pub(super) fn gauge() -> Table {
    metric_table(GAUGE, "One row per data point of a gauge.", &[VALUE, EXEMPLARS])
}

pub(super) fn sum() -> Table {
    let monotonic = C::required("IsMonotonic", Boolean, "Whether the sum only grows (a counter).");
    metric_table(
        SUM,
        "One row per data point of a sum.",
        &[VALUE, EXEMPLARS, &[TEMPORALITY, monotonic]],
    )
}

pub(super) fn histogram() -> Table {
    let buckets = [
        COUNT,
        SUM_OF_MEASUREMENTS,
        C::required(
            "BucketCounts",
            List(&Long),
            "Measurements per bucket: one more than there are bounds.",
        ),
        C::required(
            "ExplicitBounds",
            List(&Double),
            "Upper bounds of the buckets, inclusive.",
        ),
    ];
    metric_table(
        HISTOGRAM,
        "One row per data point of a histogram.",
        &[&buckets, EXEMPLARS, &[FLAGS], EXTREMES],
    )
}

pub(super) fn exponential_histogram() -> Table {
    let buckets = [
        COUNT,
        SUM_OF_MEASUREMENTS,
        C::required("Scale", Int, "Resolution: the base is 2^(2^-Scale)."),
        C::required("ZeroCount", Long, "Measurements that are zero or close to it."),
        C::required("PositiveOffset", Int, "Index of the first positive bucket."),
        C::required(
            "PositiveBucketCounts",
            List(&Long),
            "Measurements per positive bucket.",
        ),
        C::required("NegativeOffset", Int, "Index of the first negative bucket."),
        C::required(
            "NegativeBucketCounts",
            List(&Long),
            "Measurements per negative bucket.",
        ),
    ];
    metric_table(
        EXPONENTIAL_HISTOGRAM,
        "One row per data point of an exponential histogram.",
        &[&buckets, EXEMPLARS, &[FLAGS], EXTREMES],
    )
}

pub(super) fn summary() -> Table {
    let quantiles = [
        COUNT,
        C::required("Sum", Double, "Sum of the measurements."),
        C::required(
            "ValueAtQuantiles.Quantile",
            List(&Double),
            "Quantiles, from 0 to 1.",
        ),
        C::required(
            "ValueAtQuantiles.Value",
            List(&Double),
            "Values at the quantiles.",
        ),
        FLAGS,
    ];
    metric_table(SUMMARY, "One row per data point of a summary.", &[&quantiles])
}
