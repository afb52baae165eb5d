SELECT
    time,
    if(place <= {groups:UInt64}, label, 'other') AS series,
    sum(average_ * points_) / sum(points_) AS average,
    min(minimum_) AS minimum,
    max(maximum_) AS maximum,
    sum(average_) AS total,
    sum(last_) AS last,
    sum(points_) AS points
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY weight DESC, label) AS place
    FROM
    (
        SELECT *, max(maximum_) OVER (PARTITION BY label) AS weight
        FROM
        (
            -- One row for each series and step.
            SELECT
                toDateTime(intDiv(toUnixTimestamp(TimeUnix), {seconds:UInt64}) * {seconds:UInt64}, 'UTC') AS time,
                cityHash64(ServiceName::String, toString(mapSort(ResourceAttributes)), ScopeName::String, toString(mapSort(Attributes))) AS source,
                multiIf({group:String} = '', '', {group:String} = 'service', ServiceName::String, Attributes[{group:String}]) AS label,
                avg(Value) AS average_,
                min(Value) AS minimum_,
                max(Value) AS maximum_,
                argMax(Value, (TimeUnix, RowId)) AS last_,
                count() AS points_
            FROM otel_metrics_gauge
            WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND bitAnd(Flags, 1) = 0
                AND MetricName = {metric:String}
                AND ({attribute:String} = '' OR Attributes[{attribute:String}] = {attribute_value:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
            GROUP BY time, source, label
        )
    )
)
GROUP BY time, series
ORDER BY time, series
