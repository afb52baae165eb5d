SELECT
    time,
    if(place <= {groups:UInt64}, label, 'other') AS series,
    sum(count_) AS measurements,
    sum(sum_) AS total,
    bounds,
    sumForEach(buckets_) AS buckets
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY weight DESC, label) AS place
    FROM
    (
        SELECT *, sum(count_) OVER (PARTITION BY label) AS weight
        FROM
        (
            SELECT
                toDateTime(intDiv(toUnixTimestamp(TimeUnix), {seconds:UInt64}) * {seconds:UInt64}, 'UTC') AS time,
                label,
                Count - if(is_whole, 0, count_before) AS count_,
                total - if(is_whole, 0, total_before) AS sum_,
                ExplicitBounds AS bounds,
                if(is_whole, BucketCounts, arrayMap((now, before) -> now - before, BucketCounts, arrayResize(buckets_before, length(BucketCounts), 0))) AS buckets_
            FROM
            (
                SELECT
                    *,
                    -- The whole point is growth: a delta, the first point of a series, or the first after a restart.
                    is_delta OR place_in_series = 1 OR Count < count_before OR start > start_before OR ExplicitBounds != bounds_before OR length(BucketCounts) != length(buckets_before) AS is_whole
                FROM
                (
                    SELECT
                        *,
                        row_number() OVER earlier AS place_in_series,
                        lagInFrame(TimeUnix) OVER earlier AS time_before,
                        lagInFrame(start) OVER earlier AS start_before,
                        lagInFrame(Count) OVER earlier AS count_before,
                        lagInFrame(total) OVER earlier AS total_before,
                        lagInFrame(ExplicitBounds) OVER earlier AS bounds_before,
                        lagInFrame(BucketCounts) OVER earlier AS buckets_before
                    FROM
                    (
                        SELECT
                            TimeUnix,
                            RowId,
                            Count,
                            ifNull(Sum, 0) AS total,
                            ExplicitBounds,
                            BucketCounts,
                            assumeNotNull(ifNull(StartTimeUnix, toDateTime64(0, 6, 'UTC'))) AS start,
                            AggregationTemporality = 1 AS is_delta,
                            cityHash64(ServiceName::String, toString(mapSort(ResourceAttributes)), ScopeName::String, toString(mapSort(Attributes))) AS source,
                            multiIf({group:String} = '', '', {group:String} = 'service', ServiceName::String, Attributes[{group:String}]) AS label
                        FROM otel_metrics_histogram
                        WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                            AND bitAnd(Flags, 1) = 0
                            AND MetricName = {metric:String}
                            AND ({attribute:String} = '' OR Attributes[{attribute:String}] = {attribute_value:String})
                            AND ({service:String} = '' OR ServiceName = {service:String})
                            AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
                    )
                    WINDOW earlier AS (PARTITION BY source ORDER BY TimeUnix, RowId ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                )
            )
            -- The growth of a cumulative series up to its first point is unknown, unless the series began in the range.
            -- A second point of the same time is a repetition.
            WHERE if(place_in_series > 1, TimeUnix != time_before, is_delta OR start >= {from:DateTime64(6)})
        )
    )
)
GROUP BY time, series, bounds
ORDER BY time, series, bounds
