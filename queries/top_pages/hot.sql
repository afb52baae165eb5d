SELECT
    PageRoute::String AS page,
    countMerge(Views) AS views,
    uniqCombined64IfMerge(Visitors) AS visitors
FROM mv_pageviews
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY page
ORDER BY views DESC, page
LIMIT {limit:UInt64}
