SELECT
    service_ AS service,
    signal_ AS signal,
    sumIf(bytes_, outcome_ = 'accepted') / 1e6 AS megabytes,
    sumIf(records_, outcome_ = 'accepted') AS records,
    sumIf(requests_, outcome_ = 'accepted') AS requests,
    sumIf(records_, outcome_ = 'rejected') AS rejected,
    key_ AS key
FROM
(
    SELECT
        JSONExtractString(Body, 'service') AS service_,
        JSONExtractString(Body, 'environment') AS environment_,
        JSONExtractString(Body, 'key') AS key_,
        JSONExtractString(Body, 'signal') AS signal_,
        JSONExtractString(Body, 'outcome') AS outcome_,
        JSONExtractUInt(Body, 'requests') AS requests_,
        JSONExtractUInt(Body, 'records') AS records_,
        JSONExtractUInt(Body, 'bytes') AS bytes_
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.usage'
)
WHERE ({service:String} = '' OR service_ = {service:String})
    AND ({environment:String} = '' OR environment_ = {environment:String})
    AND outcome_ IN ('accepted', 'rejected')
GROUP BY service, signal, key
ORDER BY megabytes DESC, service, signal, key
LIMIT {limit:UInt64}
