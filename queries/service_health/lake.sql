SELECT
    service,
    multiIf(
        requests = 0, '',
        failed >= 0.05 * requests, 'failing',
        failed >= 0.01 * requests, 'degraded',
        'ok'
    ) AS state,
    requests,
    failed / requests AS error_share,
    quantiles[2] / 1e9 AS p95_ms,
    errors,
    visitors,
    last_seen
FROM
(
    SELECT
        -- The services with the most events have rows of their own; the others share one.
        if(ServiceName IN
        (
            SELECT ServiceName
            FROM
            (
                SELECT Timestamp, ServiceName, Environment, ErrorType, HttpRoute, IsPageView, IsBot FROM otel_logs
                UNION ALL
                SELECT Timestamp, ServiceName, Environment, ErrorType, HttpRoute, IsPageView, IsBot FROM otel_traces
            )
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND (ErrorType != '' OR HttpRoute != '' OR (IsPageView AND NOT IsBot))
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY ServiceName
            ORDER BY
                countIf(ErrorType != '') + countIf(HttpRoute != '') + countIf(IsPageView AND NOT IsBot) DESC,
                ServiceName
            LIMIT 100
        ), ServiceName, 'other') AS service,
        countIf(ErrorType != '') AS errors,
        countIf(HttpRoute != '') AS requests,
        countIf(HttpRoute != '' AND (HttpStatusCode >= 500 OR StatusCode = 'Error')) AS failed,
        -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %. Durations that no clock
        -- measures would make it large or fail.
        quantilesDDIf(0.01, 0.5, 0.95)(
            DurationMs * 1e9,
            HttpRoute != '' AND (DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13)
        ) AS quantiles,
        uniqCombined64If(VisitorId, IsPageView AND NOT IsBot AND VisitorId != '') AS visitors,
        max(Timestamp) AS last_seen
    FROM
    (
        SELECT Timestamp, ServiceName, Environment, ErrorType, HttpRoute, HttpStatusCode, DurationMs, VisitorId, IsPageView, IsBot, '' AS StatusCode FROM otel_logs
        UNION ALL
        SELECT Timestamp, ServiceName, Environment, ErrorType, HttpRoute, HttpStatusCode, DurationMs, VisitorId, IsPageView, IsBot, StatusCode FROM otel_traces
    )
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND (ErrorType != '' OR HttpRoute != '' OR (IsPageView AND NOT IsBot))
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY service
)
ORDER BY error_share DESC, errors DESC, service
