SELECT
    outcome_ AS outcome,
    reason_ AS reason,
    key_ AS key,
    signal_ AS signal,
    service_ AS service,
    sum(requests_) AS requests,
    sum(records_) AS records
FROM
(
    SELECT
        JSONExtractString(Body, 'service') AS service_,
        JSONExtractString(Body, 'environment') AS environment_,
        JSONExtractString(Body, 'key') AS key_,
        JSONExtractString(Body, 'signal') AS signal_,
        JSONExtractString(Body, 'outcome') AS outcome_,
        JSONExtractString(Body, 'reason') AS reason_,
        JSONExtractUInt(Body, 'requests') AS requests_,
        JSONExtractUInt(Body, 'records') AS records_
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.usage'
)
WHERE ({service:String} = '' OR service_ = {service:String})
    AND ({environment:String} = '' OR environment_ = {environment:String})
    AND outcome_ IN ('rejected', 'refused')
GROUP BY outcome, reason, key, signal, service
ORDER BY requests DESC, records DESC, outcome, reason, key, signal, service
LIMIT {limit:UInt64}
