SELECT
    errors,
    requests,
    failed / requests AS error_share,
    quantiles[2] / 1e9 AS p95_ms,
    visitors
FROM
(
    SELECT
        countIfMerge(Errors) AS errors,
        countIfMerge(Requests) AS requests,
        countIfMerge(Failed) AS failed,
        quantilesDDIfMerge(0.01, 0.5, 0.95)(Durations) AS quantiles,
        uniqCombined64IfMerge(Visitors) AS visitors
    FROM mv_totals
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
)
ORDER BY errors
