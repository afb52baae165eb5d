SELECT
    service,
    kind,
    operation,
    spans,
    spans * 60e6 / dateDiff('microsecond', {from:DateTime64(6)}, {until:DateTime64(6)}) AS per_minute,
    errors / spans AS error_share,
    quantiles[1] / 1e6 AS p50_ms,
    quantiles[2] / 1e6 AS p95_ms,
    quantiles[3] / 1e6 AS p99_ms
FROM
(
    SELECT
        ServiceName::String AS service,
        SpanKind::String AS kind,
        SpanName::String AS operation,
        countMerge(Spans) AS spans,
        countIfMerge(Errors) AS errors,
        quantilesDDIfMerge(0.01, 0.5, 0.95, 0.99)(Durations) AS quantiles
    FROM mv_operations
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({operation:String} = '' OR SpanName = {operation:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY service, kind, operation
)
ORDER BY spans DESC, service, kind, operation
LIMIT {limit:UInt64}
