SELECT
    hour,
    if(place <= 20, error_type_, 'other') AS error_type,
    sum(errors_) AS errors
FROM
(
    SELECT
        hour,
        error_type_,
        errors_,
        -- The series with the most of the range come first; what is left over is one more.
        dense_rank() OVER (ORDER BY total DESC, error_type_) AS place
    FROM
    (
        SELECT
            hour,
            error_type_,
            errors_,
            sum(errors_) OVER (PARTITION BY error_type_) AS total
        FROM
        (
            SELECT
                toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
                ErrorType AS error_type_,
                count() AS errors_
            FROM
            (
                SELECT Timestamp, ErrorType, ErrorGroup, ServiceName, Environment FROM otel_logs
                UNION ALL
                SELECT Timestamp, ErrorType, ErrorGroup, ServiceName, Environment FROM otel_traces
            )
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND ErrorType != ''
                AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY hour, error_type_
        )
    )
)
GROUP BY hour, error_type
ORDER BY hour, error_type
