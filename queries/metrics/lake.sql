SELECT
    metric,
    type,
    temporality,
    unit,
    arraySlice(names, 1, 3) AS services,
    toUInt64(length(names)) AS service_count,
    points,
    last_value,
    last_seen,
    count() OVER () AS found
FROM
(
    SELECT
        MetricName::String AS metric,
        kind_ AS type,
        argMax(temporality_, (TimeUnix, RowId)) AS temporality,
        argMax(MetricUnit::String, (TimeUnix, RowId)) AS unit,
        arraySort(groupUniqArray(100)(ServiceName::String)) AS names,
        count() AS points,
        argMax(Value, (TimeUnix, RowId)) AS last_value,
        max(TimeUnix) AS last_seen
    FROM
    (
        SELECT ServiceName, MetricName, MetricUnit, TimeUnix, RowId, Flags, ResourceAttributes, 'gauge' AS kind_, '' AS temporality_, Value FROM otel_metrics_gauge
        UNION ALL
        SELECT ServiceName, MetricName, MetricUnit, TimeUnix, RowId, Flags, ResourceAttributes, if(IsMonotonic, 'counter', 'sum') AS kind_, multiIf(AggregationTemporality = 1, 'delta', AggregationTemporality = 2, 'cumulative', '') AS temporality_, Value FROM otel_metrics_sum
        UNION ALL
        SELECT ServiceName, MetricName, MetricUnit, TimeUnix, RowId, Flags, ResourceAttributes, 'histogram' AS kind_, multiIf(AggregationTemporality = 1, 'delta', AggregationTemporality = 2, 'cumulative', '') AS temporality_, ifNull(Sum, 0) / greatest(Count, 1) AS Value FROM otel_metrics_histogram
        UNION ALL
        SELECT ServiceName, MetricName, MetricUnit, TimeUnix, RowId, Flags, ResourceAttributes, 'exponential histogram' AS kind_, multiIf(AggregationTemporality = 1, 'delta', AggregationTemporality = 2, 'cumulative', '') AS temporality_, ifNull(Sum, 0) / greatest(Count, 1) AS Value FROM otel_metrics_exponential_histogram
        UNION ALL
        SELECT ServiceName, MetricName, MetricUnit, TimeUnix, RowId, Flags, ResourceAttributes, 'summary' AS kind_, '' AS temporality_, Sum / greatest(Count, 1) AS Value FROM otel_metrics_summary
    )
    WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND bitAnd(Flags, 1) = 0
        AND ({metric_name:String} = '' OR MetricName = {metric_name:String})
        AND ({find:String} = '' OR positionCaseInsensitiveUTF8(MetricName::String, {find:String}) > 0)
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
    GROUP BY metric, type
)
ORDER BY metric, type
LIMIT {limit:UInt64}
