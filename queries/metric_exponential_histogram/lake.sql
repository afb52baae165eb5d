SELECT
    time,
    if(place <= {groups:UInt64}, label, 'other') AS series,
    sum(count_) AS measurements,
    sum(sum_) AS total,
    scale,
    sum(zero_) AS zeros,
    sumMap(positive_index_, positive_) AS positive,
    sumMap(negative_index_, negative_) AS negative
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
                scale,
                ZeroCount - if(is_whole, 0, zero_before) AS zero_,
                if(is_whole, positive_index, arrayConcat(positive_index, positive_index_before)) AS positive_index_,
                if(is_whole, PositiveBucketCounts, arrayConcat(PositiveBucketCounts, arrayMap(before -> -before, positive_before))) AS positive_,
                if(is_whole, negative_index, arrayConcat(negative_index, negative_index_before)) AS negative_index_,
                if(is_whole, NegativeBucketCounts, arrayConcat(NegativeBucketCounts, arrayMap(before -> -before, negative_before))) AS negative_
            FROM
            (
                SELECT
                    *,
                    -- The whole point is growth: a delta, the first point of a series, or the first after a restart.
                    is_delta OR place_in_series = 1 OR Count < count_before OR start > start_before AS is_whole
                FROM
                (
                    SELECT
                        *,
                        row_number() OVER earlier AS place_in_series,
                        lagInFrame(TimeUnix) OVER earlier AS time_before,
                        lagInFrame(start) OVER earlier AS start_before,
                        lagInFrame(Count) OVER earlier AS count_before,
                        lagInFrame(total) OVER earlier AS total_before,
                        lagInFrame(ZeroCount) OVER earlier AS zero_before,
                        lagInFrame(positive_index) OVER earlier AS positive_index_before,
                        lagInFrame(PositiveBucketCounts) OVER earlier AS positive_before,
                        lagInFrame(negative_index) OVER earlier AS negative_index_before,
                        lagInFrame(NegativeBucketCounts) OVER earlier AS negative_before
                    FROM
                    (
                        SELECT
                            TimeUnix,
                            RowId,
                            Count,
                            ifNull(Sum, 0) AS total,
                            ZeroCount,
                            min(Scale) OVER () AS scale,
                            -- Buckets of a finer scale are merged into those of the coarsest scale of the answer.
                            arrayMap((at) -> toInt32(floor((toFloat64(PositiveOffset) + at - 1) / exp2(Scale - scale))), arrayEnumerate(PositiveBucketCounts)) AS positive_index,
                            PositiveBucketCounts,
                            arrayMap((at) -> toInt32(floor((toFloat64(NegativeOffset) + at - 1) / exp2(Scale - scale))), arrayEnumerate(NegativeBucketCounts)) AS negative_index,
                            NegativeBucketCounts,
                            assumeNotNull(ifNull(StartTimeUnix, toDateTime64(0, 6, 'UTC'))) AS start,
                            AggregationTemporality = 1 AS is_delta,
                            cityHash64(ServiceName::String, toString(mapSort(ResourceAttributes)), ScopeName::String, toString(mapSort(Attributes))) AS source,
                            multiIf({group:String} = '', '', {group:String} = 'service', ServiceName::String, Attributes[{group:String}]) AS label
                        FROM otel_metrics_exponential_histogram
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
GROUP BY time, series, scale
ORDER BY time, series, scale
