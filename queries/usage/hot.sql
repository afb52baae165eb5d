SELECT
    ServiceName::String AS service,
    Signal::String AS signal,
    sumMergeIf(Bytes, Outcome = 'accepted') / 1e6 AS megabytes,
    sumMergeIf(Records, Outcome = 'accepted') AS records,
    sumMergeIf(Requests, Outcome = 'accepted') AS requests,
    sumMergeIf(Records, Outcome = 'rejected') AS rejected,
    KeyName::String AS key
FROM mv_usage
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Outcome IN ('accepted', 'rejected')
GROUP BY service, signal, key
ORDER BY megabytes DESC, service, signal, key
LIMIT {limit:UInt64}
