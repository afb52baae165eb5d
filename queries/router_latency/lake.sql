SELECT
    hour,
    backend,
    queries,
    quantiles[1] / 1e9 AS p50_ms,
    quantiles[2] / 1e9 AS p95_ms,
    quantiles[3] / 1e9 AS p99_ms
FROM
(
    SELECT
        toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
        -- The backends with the most answers of the range have rows of their own; the others share one.
        if(answered_by IN
        (
            SELECT JSONExtractString(Body, 'backend') AS answered_by
            FROM otel_logs
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND EventName = 'lakefront.query'
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
                AND answered_by != ''
            GROUP BY answered_by
            ORDER BY count() DESC, answered_by
            LIMIT 20
        ), answered_by, 'other') AS backend,
        count() AS queries,
        -- Scaled and bounded as the durations of requests are.
        quantilesDDIf(0.01, 0.5, 0.95, 0.99)(took * 1e9, took = 0 OR took BETWEEN 1e-9 AND 1e13) AS quantiles
    FROM
    (
        SELECT
            Timestamp,
            JSONExtractString(Body, 'backend') AS answered_by,
            JSONExtractFloat(Body, 'elapsed_ms') AS took
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND EventName = 'lakefront.query'
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
            AND answered_by != ''
    )
    GROUP BY hour, backend
)
ORDER BY hour, backend
