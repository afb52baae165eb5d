SELECT
    toTimeZone(toStartOfHour(Bucket, {tz:String}), 'UTC') AS hour,
    ErrorType::String AS error_type,
    countMerge(Errors) AS errors
FROM mv_errors
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, error_type
ORDER BY hour, error_type
