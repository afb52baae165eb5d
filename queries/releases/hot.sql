SELECT released, service, version
FROM
(
    SELECT *, min(released) OVER (PARTITION BY service) AS began
    FROM
    (
        SELECT
            minMerge(First) AS released,
            ServiceName::String AS service,
            ServiceVersion::String AS version
        FROM mv_releases
        WHERE Bucket >= {since:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY service, version
    )
)
WHERE released >= {from:DateTime64(6)} AND released > began
ORDER BY released DESC, service, version
LIMIT {limit:UInt64}
