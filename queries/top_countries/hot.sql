SELECT
    Country::String AS country,
    uniqCombined64IfMerge(Visitors) AS visitors,
    uniqCombined64IfMerge(Sessions) AS sessions,
    countMerge(Views) AS page_views
FROM mv_visitors
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({country:String} = '' OR Country = {country:String})
    AND ({device:String} = '' OR DeviceType = {device:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY country
ORDER BY visitors DESC, country
LIMIT {limit:UInt64}
