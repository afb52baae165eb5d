SELECT
    toDate(Bucket, {tz:String}) AS day,
    uniqCombined64IfMerge(Visitors) AS visitors,
    uniqCombined64IfMerge(Sessions) AS sessions,
    countMerge(Views) AS page_views
FROM mv_pageviews
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY day
ORDER BY day
