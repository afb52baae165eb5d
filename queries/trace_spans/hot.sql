SELECT
    Timestamp AS time,
    ServiceName::String AS service,
    -- What is kept by its greatest is a text of another type.
    Name::String AS name,
    Kind::String AS kind,
    Lasted / 1e6 AS duration_ms,
    Status::String AS status,
    Type::String AS error_type,
    Message::String AS error_message,
    Grouped::String AS error_group,
    Span::String AS span_id,
    Parent::String AS parent_span_id,
    RowId AS row_id
FROM mv_trace_spans
WHERE TraceId = {trace_id:String}
    AND Timestamp >= {from:DateTime64(6)} AND Timestamp < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time, row_id
LIMIT {limit:UInt64}
