SELECT
    -- The pages with the most samples have rows of their own; the others share one.
    if(PageRoute IN
    (
        SELECT PageRoute
        FROM (SELECT * FROM otel.mv_web_vitals_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_web_vitals', '<version>') <= {first_day:Date}, false), 'mv_web_vitals does not hold all of this range')) = 0 AND (Bucket < toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') OR Bucket >= toStartOfDay({to:DateTime64(6)}, 'UTC')) UNION ALL SELECT * FROM otel.mv_web_vitals_by_day_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_web_vitals_by_day', '<version>') <= {first_day:Date}, false), 'mv_web_vitals_by_day does not hold all of this range')) = 0 AND Bucket >= toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') AND Bucket < toStartOfDay({to:DateTime64(6)}, 'UTC'))
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
FROM (SELECT * FROM otel.mv_web_vitals_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_web_vitals', '<version>') <= {first_day:Date}, false), 'mv_web_vitals does not hold all of this range')) = 0 AND (Bucket < toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') OR Bucket >= toStartOfDay({to:DateTime64(6)}, 'UTC')) UNION ALL SELECT * FROM otel.mv_web_vitals_by_day_<version> WHERE (SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', 'mv_web_vitals_by_day', '<version>') <= {first_day:Date}, false), 'mv_web_vitals_by_day does not hold all of this range')) = 0 AND Bucket >= toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC') AND Bucket < toStartOfDay({to:DateTime64(6)}, 'UTC'))
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY page, vital
ORDER BY page, vital
