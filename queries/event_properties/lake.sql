SELECT
    attribute.1 AS property,
    leftUTF8(attribute.2, 200) AS value,
    count() AS events
FROM
(
    SELECT arrayJoin(arrayZip(CAST(mapKeys(LogAttributes), 'Array(String)'), mapValues(LogAttributes))) AS attribute
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND NOT IsBot AND EventName = {event_name:String}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
)
GROUP BY property, value
ORDER BY events DESC, property, value
LIMIT {limit:UInt64}
