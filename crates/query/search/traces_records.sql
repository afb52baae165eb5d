-- The oldest time is found by few columns first, so that whole rows are read since then only.
SELECT *
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND (Timestamp < {before_time:DateTime64(6)} OR Timestamp = {before_time:DateTime64(6)} AND RowId < {before_row:Int64})
    AND {condition:Bool}
    AND Timestamp >= (
        SELECT min(time)
        FROM (
            SELECT Timestamp AS time
            FROM otel_traces
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND (Timestamp < {before_time:DateTime64(6)} OR Timestamp = {before_time:DateTime64(6)} AND RowId < {before_row:Int64})
                AND {condition:Bool}
            ORDER BY time DESC
            LIMIT {limit:UInt64}
        )
    )
ORDER BY Timestamp DESC, RowId DESC
LIMIT {limit:UInt64}
