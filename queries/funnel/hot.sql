SELECT
    toDate(first, {tz:String}) AS day,
    step,
    label,
    countIf(reached >= step) AS sessions,
    sessions / count() AS conversion
FROM
(
    SELECT
        minIf(time, matched > 0) AS first,
        -- The next step is the first row that matches it, after the row of the step before. Of rows of one time, that of the earlier step is first.
        arrayFold((level, row) -> if(bitTest(row.2, level), toUInt8(level + 1), level), arraySort(groupArrayIf((time, matched), matched > 0)), toUInt8(0)) AS reached
    FROM
    (
        SELECT
            Session,
            Timestamp AS time,
            -- The steps that the row matches, a bit for each.
            toUInt32(arraySum(arrayMap(
                (name, at) -> if(name = Name OR (IsPageView AND name = 'page'), bitShiftLeft(toUInt32(1), at), 0),
                splitByChar('\n', {steps:String}),
                range(length(splitByChar('\n', {steps:String})))
            ))) AS matched
        FROM mv_funnel
        -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too.
        WHERE Timestamp >= toStartOfDay({since:DateTime64(6)}, 'UTC')
            AND Timestamp < toStartOfDay({to:DateTime64(6)} + INTERVAL 172799999999 MICROSECOND, 'UTC')
            AND (IsPageView OR has(splitByChar('\n', {steps:String}), Name))
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
    )
    GROUP BY Session
    -- Whoever did not take the first step did not begin.
    HAVING reached > 0 AND first >= {from:DateTime64(6)} AND first < {to:DateTime64(6)}
)
ARRAY JOIN
    splitByChar('\n', {steps:String}) AS label,
    arrayEnumerate(splitByChar('\n', {steps:String})) AS step
GROUP BY day, step, label
ORDER BY day, step
