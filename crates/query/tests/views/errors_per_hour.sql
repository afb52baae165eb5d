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
                toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
                ErrorType::String AS error_type_,
                countMerge(Errors) AS errors_
            FROM otel.mv_errors_<version>
            WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_errors', '<version>') <= {first_day:Date}, false), 'mv_errors does not hold all of this range')) = 0 AND Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY hour, error_type_
        )
    )
)
GROUP BY hour, error_type
ORDER BY hour, error_type
