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
        toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
        -- The routes with the most requests of the range have rows of their own; the others share one.
        if(((ServiceName, HttpMethod, HttpRoute) IN
        (
            SELECT ServiceName, HttpMethod, HttpRoute
            FROM mv_api_latency
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({route:String} = '' OR HttpRoute = {route:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY ServiceName, HttpMethod, HttpRoute
            ORDER BY countMerge(Requests) DESC, ServiceName, HttpMethod, HttpRoute
            LIMIT 20
        )) AS has_own, ServiceName::String, '') AS service,
        if(has_own, HttpMethod::String, '') AS method,
        if(has_own, HttpRoute::String, 'other') AS route,
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
