SELECT
    time,
    if(place <= {groups:UInt64}, label, 'other') AS series,
    sum(increase_) AS increase,
    sum(last_) AS last,
    sum(points_) AS points
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY weight DESC, label) AS place
    FROM
    (
        SELECT *, sum(ifNull(increase_, 0)) OVER (PARTITION BY label) AS weight
        FROM
        (
            -- One row for each series and step.
            SELECT
                toDateTime(intDiv(toUnixTimestamp(TimeUnix), {seconds:UInt64}) * {seconds:UInt64}, 'UTC') AS time,
                source,
                label,
                -- The growth of a series up to its first point is unknown, unless the series began in the range.
                sum(multiIf(
                    place_in_series > 1 AND TimeUnix = time_before, toNullable(0.),
                    is_delta, Value,
                    is_counter AND place_in_series > 1 AND (Value < value_before OR start > start_before), Value,
                    place_in_series > 1, Value - value_before,
                    start >= {from:DateTime64(6)}, Value,
                    NULL
                )) AS increase_,
                if(any(is_delta), NULL, argMax(Value, (TimeUnix, RowId))) AS last_,
                count() AS points_
            FROM
            (
                SELECT
                    *,
                    row_number() OVER earlier AS place_in_series,
                    lagInFrame(TimeUnix) OVER earlier AS time_before,
                    lagInFrame(Value) OVER earlier AS value_before,
                    lagInFrame(start) OVER earlier AS start_before
                FROM
                (
                    SELECT
                        TimeUnix,
                        RowId,
                        Value,
                        assumeNotNull(ifNull(StartTimeUnix, toDateTime64(0, 6, 'UTC'))) AS start,
                        AggregationTemporality = 1 AS is_delta,
                        IsMonotonic AS is_counter,
                        cityHash64(ServiceName::String, toString(mapSort(ResourceAttributes)), ScopeName::String, toString(mapSort(Attributes))) AS source,
                        multiIf({group:String} = '', '', {group:String} = 'service', ServiceName::String, Attributes[{group:String}]) AS label
                    FROM otel_metrics_sum
                    WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                        AND bitAnd(Flags, 1) = 0
                        AND MetricName = {metric:String}
                        AND ({attribute:String} = '' OR Attributes[{attribute:String}] = {attribute_value:String})
                        AND ({service:String} = '' OR ServiceName = {service:String})
                        AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
                )
                WINDOW earlier AS (PARTITION BY source ORDER BY TimeUnix, RowId ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
            )
            GROUP BY time, source, label
        )
    )
)
GROUP BY time, series
ORDER BY time, series
