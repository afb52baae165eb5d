SELECT
    caller,
    callee,
    calls,
    calls * 60e6 / dateDiff('microsecond', {from:DateTime64(6)}, {until:DateTime64(6)}) AS per_minute,
    errors / calls AS error_share,
    quantiles[1] / 1e6 AS p50_ms,
    quantiles[2] / 1e6 AS p95_ms
FROM
(
    SELECT
        caller,
        callee,
        count() AS calls,
        countIf(failed) AS errors,
        quantilesDDIf(0.01, 0.5, 0.95)(toFloat64(duration), duration BETWEEN 0 AND 1e16) AS quantiles
    FROM
    (
        -- A span that arrived twice is one call, and one caller.
        SELECT
            min(callers.service) AS caller,
            min(callees.service) AS callee,
            max(callees.failed) AS failed,
            max(callees.duration) AS duration
        FROM
        (
            SELECT TraceId, SpanId, ServiceName::String AS service
            FROM otel_traces
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND SpanId != ''
                AND ({environment:String} = '' OR Environment = {environment:String})
        ) AS callers
        -- Every span may call. The spans that answer are fewer, so that they are the side that is kept in memory.
        INNER JOIN
        (
            SELECT
                TraceId,
                SpanId,
                ParentSpanId,
                ServiceName::String AS service,
                StatusCode = 'Error' OR ifNull(HttpStatusCode, 0) >= 500 AS failed,
                Duration AS duration
            FROM otel_traces
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND SpanKind IN ('Server', 'Consumer') AND ParentSpanId != ''
                AND ({environment:String} = '' OR Environment = {environment:String})
        ) AS callees
        ON callers.TraceId = callees.TraceId AND callers.SpanId = callees.ParentSpanId
        GROUP BY callees.TraceId, callees.SpanId
    )
    WHERE caller != callee
        AND ({service:String} = '' OR caller = {service:String} OR callee = {service:String})
    GROUP BY caller, callee
)
ORDER BY calls DESC, caller, callee
LIMIT {limit:UInt64}
