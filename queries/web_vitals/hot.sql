SELECT
    -- The pages with the most samples have rows of their own; the others share one.
    if(place <= 100, route, 'other') AS page,
    name AS vital,
    sum(loads) AS samples,
    quantilesDDArray(0.01, 0.75, 0.95)(measured)[1] / 1e9 AS p75,
    quantilesDDArray(0.01, 0.75, 0.95)(measured)[2] / 1e9 AS p95
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY of_page DESC, route) AS place
    FROM
    (
        SELECT
            route::String AS route,
            name::String AS name,
            count() AS loads,
            groupArray(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9) AS measured,
            sum(loads) OVER (PARTITION BY route) AS of_page
        FROM
        (
            SELECT any(PageRoute) AS route, any(VitalName) AS name, max(Last) AS last
            FROM mv_web_vitals
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
                AND ({page:String} = '' OR PageRoute = {page:String})
                AND ({device:String} = '' OR DeviceType = {device:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY Load
        )
        GROUP BY route, name
    )
)
GROUP BY page, vital
ORDER BY page, vital
