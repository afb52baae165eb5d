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
        ErrorGroup AS error_group,
        count() AS errors,
        uniqCombined64If(VisitorId, VisitorId != '') AS users,
        min(Timestamp) AS first_seen,
        max((Timestamp, ErrorMessage, ErrorType)) AS latest
    FROM
    (
        SELECT Timestamp, ErrorGroup, ErrorType, ErrorMessage, VisitorId, ServiceName, Environment FROM otel_logs
        UNION ALL
        SELECT Timestamp, ErrorGroup, ErrorType, ErrorMessage, VisitorId, ServiceName, Environment FROM otel_traces
    )
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND ErrorType != ''
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY error_group
)
ORDER BY errors DESC, error_group
LIMIT {limit:UInt64}
