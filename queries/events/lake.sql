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
            -- Rows without a name are page views, of which every session has one.
            if(IsPageView, '', EventName) AS event_name,
            count() AS events,
            uniqCombined64If(VisitorId, VisitorId != '') AS visitors,
            uniqCombined64If(SessionId, SessionId != '') AS sessions,
            max(Timestamp) AS last_seen
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND NOT IsBot
            AND (IsPageView OR (EventName NOT IN ('', 'exception') AND NOT startsWith(EventName, 'browser.')
                AND NOT startsWith(EventName, 'http.') AND NOT startsWith(EventName, 'lakefront.')))
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY event_name
    )
)
WHERE event_name != ''
ORDER BY events DESC, event_name
LIMIT {limit:UInt64}
