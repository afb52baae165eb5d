SELECT
    -- The pages with the most samples have rows of their own; the others share one.
    if(PageRoute IN
    (
        SELECT PageRoute
        FROM mv_web_vitals
        WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
            AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
            AND ({page:String} = '' OR PageRoute = {page:String})
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY PageRoute
        ORDER BY countMerge(Samples) DESC, PageRoute
        LIMIT 100
    ), PageRoute::String, 'other') AS page,
    VitalName::String AS vital,
    countMerge(Samples) AS samples,
    quantilesDDMerge(0.01, 0.75, 0.95)(Measured)[1] / 1e9 AS p75,
    quantilesDDMerge(0.01, 0.75, 0.95)(Measured)[2] / 1e9 AS p95
FROM mv_web_vitals
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY page, vital
ORDER BY page, vital
