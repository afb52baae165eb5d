SELECT
    -- The pages with the most samples have rows of their own; the others share one.
    if(place <= 100, route, 'other') AS page,
    name AS vital,
    sum(loads) AS samples,
    -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %.
    quantilesDDArray(0.01, 0.75, 0.95)(measured)[1] / 1e9 AS p75,
    quantilesDDArray(0.01, 0.75, 0.95)(measured)[2] / 1e9 AS p95
FROM
(
    SELECT *, dense_rank() OVER (ORDER BY of_page DESC, route) AS place
    FROM
    (
        SELECT
            route,
            name,
            count() AS loads,
            groupArray(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9) AS measured,
            sum(loads) OVER (PARTITION BY route) AS of_page
        FROM
        (
            -- A load of a page counts with its last report: the greatest of the second and then the bits of the value.
            SELECT
                any(PageRoute) AS route,
                any(VitalName) AS name,
                max(bitOr(
                    bitShiftLeft(toUInt64(toUnixTimestamp(Timestamp)), 32),
                    reinterpretAsUInt32(toFloat32(assumeNotNull(VitalValue)))
                )) AS last
            FROM otel_logs
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb') AND NOT IsBot
                -- Values that no browser measures would make the sketch large or fail.
                AND (VitalValue = 0 OR VitalValue BETWEEN 1e-9 AND 1e9)
                AND ({page:String} = '' OR PageRoute = {page:String})
                AND ({device:String} = '' OR DeviceType = {device:String})
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY cityHash64(
                multiIf(
                    LogAttributes['browser.web_vital.id'] != '', LogAttributes['browser.web_vital.id'],
                    LogAttributes['id'] != '', LogAttributes['id'],
                    JSONExtractString(Body, 'id') != '', JSONExtractString(Body, 'id'),
                    toString(RowId)
                ), PageRoute, VitalName
            )
        )
        GROUP BY route, name
    )
)
GROUP BY page, vital
ORDER BY page, vital
