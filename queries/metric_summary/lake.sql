SELECT
    time,
    if(place <= {groups:UInt64}, label, 'other') AS series,
    quantile,
    max(last_) AS value
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY weight DESC, label) AS place
    FROM
    (
        SELECT *, max(last_) OVER (PARTITION BY label) AS weight
        FROM
        (
            -- One row for each series, step and quantile. Quantiles cannot be added up: a group has the greatest.
            SELECT time, source, label, stored.1 AS quantile, argMax(stored.2, (TimeUnix, RowId)) AS last_
            FROM
            (
                SELECT
                    TimeUnix,
                    RowId,
                    toDateTime(intDiv(toUnixTimestamp(TimeUnix), {seconds:UInt64}) * {seconds:UInt64}, 'UTC') AS time,
                    arrayJoin(arrayZip(`ValueAtQuantiles.Quantile`, `ValueAtQuantiles.Value`)) AS stored,
                    cityHash64(ServiceName::String, toString(mapSort(ResourceAttributes)), ScopeName::String, toString(mapSort(Attributes))) AS source,
                    multiIf({group:String} = '', '', {group:String} = 'service', ServiceName::String, Attributes[{group:String}]) AS label
                FROM otel_metrics_summary
                WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                    AND bitAnd(Flags, 1) = 0
                    AND MetricName = {metric:String}
                    AND ({attribute:String} = '' OR Attributes[{attribute:String}] = {attribute_value:String})
                    AND ({service:String} = '' OR ServiceName = {service:String})
                    AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
            )
            GROUP BY time, source, label, quantile
        )
    )
)
GROUP BY time, series, quantile
ORDER BY time, series, quantile
