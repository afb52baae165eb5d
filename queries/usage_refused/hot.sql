SELECT
    Outcome::String AS outcome,
    Reason::String AS reason,
    KeyName::String AS key,
    Signal::String AS signal,
    ServiceName::String AS service,
    sumMerge(Requests) AS requests,
    sumMerge(Records) AS records
FROM mv_usage
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Outcome IN ('rejected', 'refused')
GROUP BY outcome, reason, key, signal, service
ORDER BY requests DESC, records DESC, outcome, reason, key, signal, service
LIMIT {limit:UInt64}
