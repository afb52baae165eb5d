SELECT
    error_group,
    multiIf(
        before = 0, 'new',
        first_inside >= last_before + INTERVAL 7 DAY, 'returned',
        'ongoing'
    ) AS state,
    latest.3 AS error_type,
    latest.2 AS last_message,
    errors,
    users,
    arrayMap(at -> counts.2[indexOf(counts.1, at)], range(parts)) AS trend,
    first.1 AS first_seen,
    latest.1 AS last_seen,
    first.2 AS first_version,
    latest.4 AS last_version
FROM
(
    SELECT
        error_group,
        any(parts) AS parts,
        countIf(NOT inside) AS before,
        maxIf(Timestamp, NOT inside) AS last_before,
        minIf(Timestamp, inside) AS first_inside,
        countIf(inside) AS errors,
        uniqCombined64If(VisitorId, inside AND VisitorId != '') AS users,
        sumMapIf([part], [toUInt64(1)], inside) AS counts,
        min((Timestamp, ServiceVersion)) AS first,
        maxIf((Timestamp, ErrorMessage, ErrorType, ServiceVersion), inside) AS latest
    FROM
    (
        SELECT
            *,
            ErrorGroup AS error_group,
            Timestamp >= {from:DateTime64(6)} AS inside,
            -- Parts of whole quarters of an hour, which is what views hold. None begins after the data ends.
            toUnixTimestamp(toStartOfFifteenMinutes({until:DateTime64(6)} + INTERVAL 899999999 MICROSECOND)) - toUnixTimestamp({from:DateTime64(6)}) AS seconds,
            toUInt64(greatest(1, least(24, intDiv(seconds, 900)))) AS parts,
            toUInt64(if(inside, intDiv(
                (toUnixTimestamp(toStartOfFifteenMinutes(Timestamp)) - toUnixTimestamp({from:DateTime64(6)})) * parts,
                greatest(1, seconds)
            ), 0)) AS part
        FROM
        (
            SELECT Timestamp, ErrorGroup, ErrorType, ErrorMessage, VisitorId, ServiceName, ServiceVersion, Environment FROM otel_logs
            UNION ALL
            SELECT Timestamp, ErrorGroup, ErrorType, ErrorMessage, VisitorId, ServiceName, ServiceVersion, Environment FROM otel_traces
        )
        WHERE Timestamp >= {since:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND ErrorType != ''
            AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
    )
    GROUP BY error_group
    HAVING errors > 0
)
ORDER BY errors DESC, error_group
LIMIT {limit:UInt64}
