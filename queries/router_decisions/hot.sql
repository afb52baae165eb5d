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
                toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
                Backend::String AS backend_,
                Reason::String AS reason_,
                countMerge(Queries) AS queries_
            FROM mv_router
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
                AND Backend != ''
            GROUP BY hour, backend_, reason_
        )
    )
)
GROUP BY hour, backend, reason
ORDER BY hour, backend, reason
