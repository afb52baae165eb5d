SELECT
    Timestamp AS time,
    ErrorType AS error_type,
    ErrorMessage AS message,
    ServiceName AS service,
    PageRoute AS page,
    TraceId AS trace_id,
    RowId AS row_id
FROM mv_user_error_rows
-- Without PREWHERE, ClickHouse reads all columns before it filters rows: four times the bytes.
PREWHERE UserId = {user_id:String}
    AND Timestamp >= {from:DateTime64(6)} AND Timestamp < {to:DateTime64(6)}
WHERE ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time DESC, row_id DESC
LIMIT {limit:UInt64}
