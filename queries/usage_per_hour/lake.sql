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
                toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
                sender AS service_,
                sum(size) AS bytes_
            FROM
            (
                SELECT
                    Timestamp,
                    JSONExtractString(Body, 'service') AS sender,
                    JSONExtractString(Body, 'environment') AS environment_,
                    JSONExtractString(Body, 'outcome') AS outcome_,
                    JSONExtractUInt(Body, 'bytes') AS size
                FROM otel_logs
                WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                    AND EventName = 'lakefront.usage'
            )
            WHERE ({service:String} = '' OR sender = {service:String})
                AND ({environment:String} = '' OR environment_ = {environment:String})
                AND outcome_ = 'accepted'
            GROUP BY hour, service_
        )
    )
)
GROUP BY hour, service
ORDER BY hour, service
