SELECT released, service, version
FROM
(
    SELECT *, min(released) OVER (PARTITION BY service) AS began
    FROM
    (
        SELECT
            min(Timestamp) AS released,
            ServiceName AS service,
            ServiceVersion AS version
        FROM
        (
            SELECT Timestamp, ServiceName, ServiceVersion, Environment FROM otel_logs
            UNION ALL
            SELECT Timestamp, ServiceName, ServiceVersion, Environment FROM otel_traces
        )
        WHERE Timestamp >= {since:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND ServiceVersion != ''
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY service, version
    )
)
WHERE released >= {from:DateTime64(6)} AND released > began
ORDER BY released DESC, service, version
LIMIT {limit:UInt64}
