SELECT
    toDate(Bucket, {tz:String}) AS day,
    uniqCombined64IfMerge(Visitors) AS visitors,
    uniqCombined64IfMerge(Sessions) AS sessions,
    countIfMerge(Views) AS page_views
FROM mv_totals
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY day
HAVING page_views > 0
ORDER BY day
