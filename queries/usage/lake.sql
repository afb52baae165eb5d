SELECT
    ServiceName AS service,
    KeyName AS key,
    Signal AS signal,
    sumIf(Requests, Outcome = 'accepted') AS requests,
    sumIf(Records, Outcome = 'accepted') AS records,
    sumIf(Bytes, Outcome = 'accepted') / 1e6 AS megabytes,
    sumIf(Records, Outcome = 'rejected') AS rejected
FROM
(
    SELECT
        JSONExtractString(Body, 'service') AS ServiceName,
        JSONExtractString(Body, 'environment') AS Environment,
        JSONExtractString(Body, 'key') AS KeyName,
        JSONExtractString(Body, 'signal') AS Signal,
        JSONExtractString(Body, 'outcome') AS Outcome,
        JSONExtractUInt(Body, 'requests') AS Requests,
        JSONExtractUInt(Body, 'records') AS Records,
        JSONExtractUInt(Body, 'bytes') AS Bytes
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.usage'
)
WHERE true
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Outcome IN ('accepted', 'rejected')
GROUP BY service, key, signal
ORDER BY megabytes DESC, service, key, signal
LIMIT {limit:UInt64}
