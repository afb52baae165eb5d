SELECT
    attribute.1 AS attribute_key,
    attribute.2 AS attribute_value,
    count() AS points
FROM
(
    SELECT arrayJoin(arrayZip(CAST(mapKeys(Attributes), 'Array(String)'), mapValues(Attributes))) AS attribute
    FROM
    (
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes FROM otel_metrics_gauge
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes FROM otel_metrics_sum
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes FROM otel_metrics_histogram
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes FROM otel_metrics_exponential_histogram
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes FROM otel_metrics_summary
    )
    WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND MetricName = {metric:String}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
)
GROUP BY attribute_key, attribute_value
ORDER BY points DESC, attribute_key, attribute_value
LIMIT {limit:UInt64}
