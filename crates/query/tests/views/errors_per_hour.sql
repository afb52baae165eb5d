SELECT
    toTimeZone(toStartOfHour(Bucket, {tz:String}), 'UTC') AS hour,
    ErrorType::String AS error_type,
    countMerge(Errors) AS errors
FROM otel.mv_errors_<version>
WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_errors', '<version>') <= {first_day:Date}, false), 'mv_errors does not hold all of this range')) = 0 AND Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, error_type
ORDER BY hour, error_type
