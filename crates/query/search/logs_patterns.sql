-- Lines whose texts differ only in numbers, ids and addresses count as one.
SELECT
    replaceRegexpAll(
        substringUTF8(if(Body != '', Body, if(ErrorMessage != '', ErrorMessage, EventName::String)), 1, 300),
        '[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+|\\b(?:0x)?[0-9A-Fa-f]*[0-9][0-9A-Fa-f]*(?:[-.:,][0-9A-Fa-f]+)*\\b',
        '*'
    ) AS pattern,
    count() AS lines,
    max(SeverityNumber) AS severity,
    min(ServiceName::String) AS service,
    uniqExact(ServiceName) AS services,
    min(Body != '') AS is_body,
    if(min(EventName::String) = max(EventName::String), min(EventName::String), '') AS event,
    min(Timestamp) AS first_seen,
    max(Timestamp) AS last_seen
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND {condition:Bool}
GROUP BY pattern
ORDER BY lines DESC, pattern
LIMIT {limit:UInt64}
