SELECT
    hour,
    service,
    method,
    route,
    requests,
    errors,
    quantiles[1] / 1e9 AS p50_ms,
    quantiles[3] / 1e9 AS p99_ms
FROM
(
    SELECT
        toTimeZone(toStartOfHour(Bucket, {tz:String}), 'UTC') AS hour,
        ServiceName::String AS service,
        HttpMethod::String AS method,
        HttpRoute::String AS route,
        countMerge(Requests) AS requests,
        countIfMerge(Errors) AS errors,
        quantilesDDIfMerge(0.01, 0.5, 0.95, 0.99)(Durations) AS quantiles
    FROM mv_api_latency
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({route:String} = '' OR HttpRoute = {route:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY hour, service, method, route
)
ORDER BY hour, service, method, route
