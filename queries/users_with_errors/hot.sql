SELECT
    UserId::String AS user_id,
    countMerge(Errors) AS errors,
    uniqCombined64(ErrorGroup::String) AS error_groups,
    maxMerge(LastSeen) AS last_seen
FROM mv_user_errors
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY user_id
ORDER BY errors DESC, user_id
LIMIT {limit:UInt64}
