SELECT
    hour,
    service,
    method,
    route,
    requests,
    errors,
    quantiles[1] / 1e9 AS p50_ms,
    quantiles[2] / 1e9 AS p99_ms
FROM
(
    SELECT
        toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
        -- The routes with the most requests of the range have rows of their own; the others share one.
        if(((ServiceName, HttpMethod, HttpRoute) IN
        (
            SELECT ServiceName, HttpMethod, HttpRoute
            FROM
            (
                SELECT Timestamp, ServiceName, Environment, HttpMethod, HttpRoute FROM otel_traces
                UNION ALL
                SELECT Timestamp, ServiceName, Environment, HttpMethod, HttpRoute FROM otel_logs
            )
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND HttpRoute != ''
                AND ({route:String} = '' OR HttpRoute = {route:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY ServiceName, HttpMethod, HttpRoute
            ORDER BY count() DESC, ServiceName, HttpMethod, HttpRoute
            LIMIT 20
        )) AS has_own, ServiceName, '') AS service,
        if(has_own, HttpMethod, '') AS method,
        if(has_own, HttpRoute, 'other') AS route,
        count() AS requests,
        countIf(HttpStatusCode >= 500 OR StatusCode = 'Error') AS errors,
        -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %. Durations that no clock
        -- measures would make it large or fail.
        quantilesDDIf(0.01, 0.5, 0.99)(DurationMs * 1e9, DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13) AS quantiles
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
    GROUP BY hour, service, method, route
)
ORDER BY hour, service, method, route
