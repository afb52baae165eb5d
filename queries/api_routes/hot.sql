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
    GROUP BY service, method, route
)
ORDER BY requests DESC, service, method, route
LIMIT {limit:UInt64}
