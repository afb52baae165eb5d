SELECT
    event_name,
    events,
    visitors,
    sessions,
    sessions / all_sessions AS conversion,
    last_seen
FROM
(
    SELECT
        event_name,
        events,
        visitors,
        sessions,
        max(if(event_name = '', sessions, 0)) OVER () AS all_sessions,
        last_seen
    FROM
    (
        SELECT
            Name::String AS event_name,
            countMerge(Events) AS events,
            uniqCombined64IfMerge(Visitors) AS visitors,
            uniqCombined64IfMerge(Sessions) AS sessions,
            maxMerge(LastSeen) AS last_seen
        FROM mv_events
        WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY event_name
    )
)
WHERE event_name != ''
ORDER BY events DESC, event_name
LIMIT {limit:UInt64}
