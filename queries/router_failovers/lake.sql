SELECT
    failed,
    failure,
    instead,
    count() AS queries,
    max(Timestamp) AS last_seen
FROM
(
    SELECT
        Timestamp,
        JSONExtractString(Body, 'failed') AS failed,
        JSONExtractString(Body, 'failure') AS failure,
        JSONExtractString(Body, 'backend') AS instead
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.query'
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
        AND failed != ''
)
GROUP BY failed, failure, instead
ORDER BY queries DESC, failed, failure, instead
LIMIT {limit:UInt64}
