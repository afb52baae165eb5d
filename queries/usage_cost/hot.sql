SELECT
    line.1 AS item,
    round(greatest(0, line.2 - line.4) * line.5, 6) AS dollars,
    -- To a millionth, because sums of fractions differ by the order in which they are added.
    round(line.2, 6) AS used,
    line.3 AS unit,
    line.4 AS included,
    line.5 AS price
FROM
(
    SELECT arrayJoin([
        ('R2, files of the lake', gigabytes, 'GB in a month', {price:r2.included_gb_month}, {price:r2.gb_month}),
        ('R2, writes of commits', commits * {price:assumed.writes_a_commit}, 'million', {price:r2.included_million_writes}, {price:r2.million_writes}),
        ('R2 Data Catalog, commits', commits * {price:assumed.operations_a_commit}, 'million operations', {price:catalog.included_million_operations}, {price:catalog.million_operations}),
        ('Workers, requests of senders', requests, 'million', {price:workers.included_million_requests}, {price:workers.million_requests}),
        ('Pipelines, SQL', sent, 'GB', {price:pipelines.included_gb}, {price:pipelines.sql_gb}),
        ('Pipelines, into Iceberg', sent, 'GB', {price:pipelines.included_gb}, {price:pipelines.iceberg_gb})
    ]) AS line
    FROM
    (
        SELECT
            -- A month of 30 days, through the part of the range since counts were first written.
            30 * 86400 / greatest(900, dateDiff('second', min(first_), {until:DateTime64(6)})) AS months,
            -- Each table is measured several times. The average counts, as for R2.
            sumIf(bytes_ / requests_, Outcome = 'stored') / 1e9 AS gigabytes,
            sumIf(requests_, Outcome = 'committed') * months / 1e6 AS commits,
            sumIf(requests_, Outcome IN ('accepted', 'refused') AND CountedBy = 'worker') * months / 1e6 AS requests,
            sumIf(bytes_, Outcome = 'sent') * months / 1e9 AS sent
        FROM
        (
            SELECT
                CountedBy, Outcome, Signal,
                min(Bucket) AS first_,
                sumMerge(Requests) AS requests_,
                sumMerge(Bytes) AS bytes_
            FROM mv_usage
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY CountedBy, Outcome, Signal
        )
    )
)
WHERE used > 0
ORDER BY dollars DESC, item
