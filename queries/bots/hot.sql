SELECT
    Browser::String AS bot,
    countIfMerge(Views) AS page_views,
    countMerge(Records) AS records
FROM mv_bots
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY bot
ORDER BY page_views DESC, records DESC, bot
LIMIT {limit:UInt64}
