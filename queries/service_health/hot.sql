SELECT
    service,
    multiIf(
        requests = 0, '',
        failed >= 0.05 * requests, 'failing',
        failed >= 0.01 * requests, 'degraded',
        'ok'
    ) AS state,
    requests,
    failed / requests AS error_share,
    quantiles[2] / 1e9 AS p95_ms,
    errors,
    visitors,
    last_seen
FROM
(
    SELECT
        -- The services with the most events have rows of their own; the others share one.
        if(ServiceName IN
        (
            SELECT ServiceName
            FROM mv_totals
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY ServiceName
            ORDER BY
                countIfMerge(Errors) + countIfMerge(Requests) + countIfMerge(Views) DESC,
                ServiceName
            LIMIT 100
        ), ServiceName::String, 'other') AS service,
        countIfMerge(Errors) AS errors,
        countIfMerge(Requests) AS requests,
        countIfMerge(Failed) AS failed,
        quantilesDDIfMerge(0.01, 0.5, 0.95)(Durations) AS quantiles,
        uniqCombined64IfMerge(Visitors) AS visitors,
        maxMerge(LastSeen) AS last_seen
    FROM mv_totals
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY service
)
ORDER BY error_share DESC, errors DESC, service
