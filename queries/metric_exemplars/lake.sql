SELECT
    exemplar.1 AS time,
    exemplar.2 AS value,
    service,
    exemplar.3 AS trace_id,
    exemplar.4 AS span_id
FROM
(
    SELECT
        ServiceName::String AS service,
        arrayJoin(arrayZip(`Exemplars.TimeUnix`, `Exemplars.Value`, `Exemplars.TraceId`, `Exemplars.SpanId`)) AS exemplar
    FROM
    (
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes, `Exemplars.TimeUnix`, `Exemplars.Value`, `Exemplars.TraceId`, `Exemplars.SpanId`
        FROM otel_metrics_gauge
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes, `Exemplars.TimeUnix`, `Exemplars.Value`, `Exemplars.TraceId`, `Exemplars.SpanId`
        FROM otel_metrics_sum
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes, `Exemplars.TimeUnix`, `Exemplars.Value`, `Exemplars.TraceId`, `Exemplars.SpanId`
        FROM otel_metrics_histogram
        UNION ALL
        SELECT ServiceName, MetricName, TimeUnix, Attributes, ResourceAttributes, `Exemplars.TimeUnix`, `Exemplars.Value`, `Exemplars.TraceId`, `Exemplars.SpanId`
        FROM otel_metrics_exponential_histogram
    )
    WHERE TimeUnix >= {from:DateTime64(6)} AND TimeUnix <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND MetricName = {metric:String}
        AND ({attribute:String} = '' OR Attributes[{attribute:String}] = {attribute_value:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR ({environment:String} IN (ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])))
)
WHERE trace_id != ''
GROUP BY time, value, service, trace_id, span_id
ORDER BY value DESC, time, service, trace_id, span_id
LIMIT {limit:UInt64}
