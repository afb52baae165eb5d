SELECT
    hour,
    if(place <= 20, service_, 'other') AS service,
    sum(bytes_) / 1e6 AS megabytes
FROM
(
    SELECT
        hour,
        service_,
        bytes_,
        -- The series with the most of the range come first; what is left over is one more.
        dense_rank() OVER (ORDER BY total DESC, service_) AS place
    FROM
    (
        SELECT
            hour,
            service_,
            bytes_,
            sum(bytes_) OVER (PARTITION BY service_) AS total
        FROM
        (
            SELECT
                toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
                ServiceName::String AS service_,
                sumMerge(Bytes) AS bytes_
            FROM mv_usage
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
                AND Outcome = 'accepted'
            GROUP BY hour, service_
        )
    )
)
GROUP BY hour, service
ORDER BY hour, service
