SELECT
    Timestamp AS time,
    -- Rows without a session are a visit each.
    min(Timestamp) OVER (PARTITION BY if(SessionId = '', toString(RowId), SessionId)) AS visit,
    kind,
    leftUTF8(multiIf(
        kind = 'page', PagePath,
        kind = 'error', ErrorType::String || if(ErrorMessage = '', '', ': ') || ErrorMessage,
        kind = 'vital', VitalName::String,
        kind = 'request', trimBoth(HttpMethod::String || ' ' || HttpRoute::String || if(HttpStatusCode IS NULL, '', ' → ' || toString(ifNull(HttpStatusCode, 0)))),
        kind = 'event', EventName::String,
        Body
    ), 500) AS what,
    PageRoute::String AS page,
    -- The score of a layout shift is no time.
    if(kind = 'vital', if(VitalName = 'cls', NULL, VitalValue), DurationMs) AS took_ms,
    ServiceName::String AS service,
    TraceId AS trace_id,
    RowId AS row_id
FROM
(
    SELECT
        *,
        multiIf(ErrorType != '', 'error', IsPageView, 'page', VitalName != '', 'vital', HttpRoute != '', 'request', EventName != '', 'event', 'log') AS kind
    FROM
    (
        SELECT
            Timestamp, ErrorType, ErrorMessage, IsPageView, PagePath, PageRoute, VitalName, VitalValue, HttpMethod, HttpRoute, HttpStatusCode,
            DurationMs, EventName, Body, SessionId, VisitorId, ServiceName, Environment, TraceId, RowId
        FROM otel_logs
        UNION ALL
        SELECT
            Timestamp, ErrorType, ErrorMessage, false AS IsPageView, '' AS PagePath, PageRoute, '' AS VitalName, NULL AS VitalValue, HttpMethod, HttpRoute, HttpStatusCode,
            DurationMs, '' AS EventName, SpanName AS Body, SessionId, VisitorId, ServiceName, Environment, TraceId, RowId
        FROM otel_traces
        WHERE ErrorType != '' OR HttpRoute != ''
    )
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND VisitorId = {visitor_id:String}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    ORDER BY Timestamp DESC, RowId DESC
    LIMIT {limit:UInt64}
)
ORDER BY time DESC, row_id DESC
