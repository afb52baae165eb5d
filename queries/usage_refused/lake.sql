SELECT
    Outcome AS outcome,
    Reason AS reason,
    KeyName AS key,
    Signal AS signal,
    ServiceName AS service,
    sum(Requests) AS requests,
    sum(Records) AS records
FROM
(
    SELECT
        JSONExtractString(Body, 'service') AS ServiceName,
        JSONExtractString(Body, 'environment') AS Environment,
        JSONExtractString(Body, 'key') AS KeyName,
        JSONExtractString(Body, 'signal') AS Signal,
        JSONExtractString(Body, 'outcome') AS Outcome,
        JSONExtractString(Body, 'reason') AS Reason,
        JSONExtractUInt(Body, 'requests') AS Requests,
        JSONExtractUInt(Body, 'records') AS Records
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.usage'
)
WHERE true
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Outcome IN ('rejected', 'refused')
GROUP BY outcome, reason, key, signal, service
ORDER BY requests + records DESC, outcome, reason, key, signal, service
LIMIT {limit:UInt64}
