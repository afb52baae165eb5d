-- The values of fields in rows that fit the search, and in the others. Of many rows of a kind a sample is read, chosen by the
-- rows' numbers. The row without a field has the sizes of the samples.
WITH
    (
        SELECT (countIf(fits), countIf(NOT fits))
        FROM
        (
            SELECT ifNull({condition:Bool}, false) AS fits
            FROM {table}
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        )
    ) AS all_rows
SELECT
    pair.1 AS is_column,
    pair.2 AS field,
    pair.3 AS value,
    countIf(fits) AS found,
    countIf(NOT fits) AS others,
    all_rows.1 AS all_found,
    all_rows.2 AS all_others,
    abs(
        found / greatest(1, sumIf(found, field = '') OVER ())
        - others / greatest(1, sumIf(others, field = '') OVER ())
    ) AS difference
FROM
(
    SELECT
        fits,
        arrayJoin(arrayPushFront(arrayFilter(pair -> pair.3 != '', pairs), (1, '', ''))) AS pair
    FROM
    (
        SELECT
            ifNull({condition:Bool}, false) AS fits,
            arrayConcat(
                [
{columns}                    (1, 'ServiceName', substringUTF8(ServiceName::String, 1, 201)),
                    (1, 'ServiceVersion', substringUTF8(ServiceVersion::String, 1, 201)),
                    (1, 'Environment', substringUTF8(Environment::String, 1, 201)),
                    (1, 'ScopeName', substringUTF8(ScopeName::String, 1, 201)),
                    (1, 'ErrorType', substringUTF8(ErrorType::String, 1, 201)),
                    (1, 'ErrorGroup', substringUTF8(ErrorGroup::String, 1, 201)),
                    (1, 'PageRoute', substringUTF8(PageRoute::String, 1, 201)),
                    (1, 'HttpRoute', substringUTF8(HttpRoute::String, 1, 201)),
                    (1, 'HttpMethod', substringUTF8(HttpMethod::String, 1, 201)),
                    (1, 'HttpStatusCode', ifNull(toString(HttpStatusCode), '')),
                    (1, 'UserId', substringUTF8(UserId::String, 1, 201)),
                    (1, 'ReferrerHost', substringUTF8(ReferrerHost::String, 1, 201)),
                    (1, 'UtmSource', substringUTF8(UtmSource::String, 1, 201)),
                    (1, 'UtmCampaign', substringUTF8(UtmCampaign::String, 1, 201)),
                    (1, 'Country', substringUTF8(Country::String, 1, 201)),
                    (1, 'DeviceType', substringUTF8(DeviceType::String, 1, 201)),
                    (1, 'Browser', substringUTF8(Browser::String, 1, 201)),
                    (1, 'Os', substringUTF8(Os::String, 1, 201))
                ],
                arrayMap((key, value) -> (0, key, substringUTF8(value, 1, 201)), mapKeys({attributes}), mapValues({attributes})),
                arrayMap((key, value) -> (0, key, substringUTF8(value, 1, 201)), mapKeys(ResourceAttributes), mapValues(ResourceAttributes))
            ) AS pairs
        FROM {table}
        WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND cityHash64(RowId) % greatest(1, intDiv(if(fits, all_rows.1, all_rows.2), {sample:UInt32})) = 0
    )
)
GROUP BY is_column, field, value
HAVING field = '' OR found > 1 OR others > 1 OR all_rows.1 = 1
ORDER BY field != '', difference DESC, is_column DESC, field, value
LIMIT 5 BY is_column, field
LIMIT 300
