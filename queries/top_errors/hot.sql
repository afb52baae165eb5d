SELECT
    error_group,
    latest.3 AS error_type,
    errors,
    users,
    first_seen,
    latest.1 AS last_seen,
    latest.2 AS last_message
FROM
(
    SELECT
        ErrorGroup::String AS error_group,
        countMerge(Errors) AS errors,
        uniqCombined64IfMerge(Users) AS users,
        minMerge(First).1 AS first_seen,
        maxMerge(Latest) AS latest
    FROM mv_errors
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY error_group
)
ORDER BY errors DESC, error_group
LIMIT {limit:UInt64}
