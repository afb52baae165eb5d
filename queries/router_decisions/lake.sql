SELECT
    hour,
    if(place <= 20, backend_, 'other') AS backend,
    if(place <= 20, reason_, '') AS reason,
    sum(queries_) AS queries
FROM
(
    SELECT
        hour,
        backend_, reason_,
        queries_,
        -- The series with the most of the range come first; what is left over is one more.
        dense_rank() OVER (ORDER BY total DESC, backend_, reason_) AS place
    FROM
    (
        SELECT
            hour,
            backend_, reason_,
            queries_,
            sum(queries_) OVER (PARTITION BY backend_, reason_) AS total
        FROM
        (
            SELECT
                toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
                JSONExtractString(Body, 'backend') AS backend_,
                JSONExtractString(Body, 'reason') AS reason_,
                count() AS queries_
            FROM otel_logs
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND EventName = 'lakefront.query'
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
                AND backend_ != ''
            GROUP BY hour, backend_, reason_
        )
    )
)
GROUP BY hour, backend, reason
ORDER BY hour, backend, reason
