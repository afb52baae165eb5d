SELECT
    UserId::String AS user_id,
    countMerge(Errors) AS errors,
    minMerge(FirstSeen) AS first_seen,
    maxMerge(LastSeen) AS last_seen
FROM mv_user_errors
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ErrorGroup = {error_group:String}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY user_id
ORDER BY errors DESC, user_id
LIMIT {limit:UInt64}
