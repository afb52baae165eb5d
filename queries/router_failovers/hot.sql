SELECT
    Failed::String AS failed,
    Failure::String AS failure,
    Backend::String AS instead,
    countMerge(Queries) AS queries,
    maxMerge(LastSeen) AS last_seen
FROM mv_router
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Failed != ''
GROUP BY failed, failure, instead
ORDER BY queries DESC, failed, failure, instead
LIMIT {limit:UInt64}
