SELECT
    found.1 AS field,
    found.2 AS value,
    sum(found.3) AS records
FROM
(
    SELECT
        JSONExtractString(Body, 'signal') AS signal_,
        JSONExtractString(Body, 'service') AS service_,
        JSONExtractString(Body, 'environment') AS environment_,
        arrayJoin(arrayConcat(
            [
                ('service', '', JSONExtractUInt(Body, 'records')),
                ('service', service_, JSONExtractUInt(Body, 'records'))
            ],
            arrayFlatten(arrayMap(
                of_field -> arrayPushFront(
                    arrayMap(
                        counted -> (of_field.1, counted.1, counted.2),
                        JSONExtractKeysAndValues(of_field.2, 'values', 'UInt64')
                    ),
                    (of_field.1, '', JSONExtractUInt(of_field.2, 'records'))
                ),
                JSONExtractKeysAndValuesRaw(Body, 'fields')
            ))
        )) AS found
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND ServiceName = 'lakefront-ingest' AND EventName = 'lakefront.fields'
)
WHERE signal_ = {signal:String}
    AND ({service:String} = '' OR service_ = {service:String})
    AND ({environment:String} = '' OR environment_ = {environment:String})
GROUP BY field, value
HAVING records > 0
ORDER BY records DESC, field, value
LIMIT 11 BY field
LIMIT {limit:UInt64}
