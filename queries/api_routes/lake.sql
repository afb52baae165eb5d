SELECT
    service,
    method,
    route,
    requests,
    requests * 60e6 / dateDiff('microsecond', {from:DateTime64(6)}, {until:DateTime64(6)}) AS per_minute,
    errors / requests AS error_share,
    quantiles[1] / 1e9 AS p50_ms,
    quantiles[2] / 1e9 AS p95_ms,
    quantiles[3] / 1e9 AS p99_ms
FROM
(
    SELECT
        ServiceName AS service,
        HttpMethod AS method,
        HttpRoute AS route,
        count() AS requests,
        countIf(HttpStatusCode >= 500 OR StatusCode = 'Error') AS errors,
        -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %. Durations that no clock
        -- measures would make it large or fail.
        quantilesDDIf(0.01, 0.5, 0.95, 0.99)(DurationMs * 1e9, DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13) AS quantiles
    FROM
    (
        SELECT Timestamp, ServiceName, Environment, HttpMethod, HttpRoute, HttpStatusCode, DurationMs, StatusCode FROM otel_traces
        UNION ALL
        SELECT Timestamp, ServiceName, Environment, HttpMethod, HttpRoute, HttpStatusCode, DurationMs, '' AS StatusCode FROM otel_logs
    )
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND HttpRoute != ''
        AND ({route:String} = '' OR HttpRoute = {route:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY service, method, route
)
ORDER BY requests DESC, service, method, route
LIMIT {limit:UInt64}
