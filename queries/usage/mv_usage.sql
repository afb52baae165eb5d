-- What senders sent, as ingest and the Worker count it in events. Their service is not that of the sender.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    JSONExtractString(Body, 'service') AS ServiceName,
    JSONExtractString(Body, 'environment') AS Environment,
    JSONExtractString(Body, 'by') AS CountedBy,
    JSONExtractString(Body, 'key') AS KeyName,
    JSONExtractString(Body, 'signal') AS Signal,
    JSONExtractString(Body, 'outcome') AS Outcome,
    JSONExtractString(Body, 'reason') AS Reason,
    sumState(JSONExtractUInt(Body, 'requests')) AS Requests,
    sumState(JSONExtractUInt(Body, 'records')) AS Records,
    sumState(JSONExtractUInt(Body, 'bytes')) AS Bytes
FROM otel_logs
WHERE EventName = 'lakefront.usage'
GROUP BY Bucket, ServiceName, Environment, CountedBy, KeyName, Signal, Outcome, Reason;
