SELECT
    ServiceName::String AS service,
    KeyName::String AS key,
    Signal::String AS signal,
    sumMergeIf(Requests, Outcome = 'accepted') AS requests,
    sumMergeIf(Records, Outcome = 'accepted') AS records,
    sumMergeIf(Bytes, Outcome = 'accepted') / 1e6 AS megabytes,
    sumMergeIf(Records, Outcome = 'rejected') AS rejected
FROM mv_usage
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Outcome IN ('accepted', 'rejected')
GROUP BY service, key, signal
ORDER BY megabytes DESC, service, key, signal
LIMIT {limit:UInt64}
