use crate::view_file::parse;

const VIEW: &str = "\
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    Body AS Thing,
    countState() AS Things
FROM otel_logs
GROUP BY Bucket, ServiceName, Environment, Thing;

SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    SpanName AS Thing,
    countState() AS Things
FROM otel_traces
GROUP BY Bucket, ServiceName, Environment, Thing;
";

#[test]
fn a_true_view_has_keys_states_and_sources() {
    let view = parse("things", "mv_things", VIEW, 92).unwrap();
    assert_eq!(view.sources, ["otel_logs", "otel_traces"]);
    assert_eq!(view.keys, ["Bucket", "ServiceName", "Environment", "Thing"]);
    assert_eq!(view.others, ["Things"]);
}

const ROWS: &str = "\
SELECT Body, Timestamp, RowId, ServiceName, Environment, length(Body) AS Length
FROM otel_logs
ORDER BY Body, Timestamp, RowId";

#[test]
fn a_view_of_rows_is_ordered_by_what_they_are_asked_for() {
    let view = parse("things", "mv_things", ROWS, 92).unwrap();
    assert_eq!(view.keys, ["Body", "Timestamp", "RowId"]);
    assert_eq!(view.others, ["ServiceName", "Environment", "Length"]);
    assert!(view.selects[0].ends_with("\nFROM otel_logs"));
    for (from, to, expected) in [
        (
            "BY Body, Timestamp, RowId",
            "BY Body, Timestamp",
            "for rows ORDER BY …, Timestamp, RowId",
        ),
        ("Environment, ", "", "and columns ServiceName and Environment"),
        (
            "SELECT Body, Timestamp",
            "SELECT Timestamp, Body",
            "in its order: Body, Timestamp, RowId",
        ),
    ] {
        let sql = ROWS.replacen(from, to, 1);
        let faults = parse("things", "mv_things", &sql, 92).unwrap_err();
        assert!(
            faults[0].contains(expected),
            "expected: {expected}\nfound: {faults:#?}"
        );
    }
}

const SHARED: &str = "\
-- Things of logs and spans.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    UserId AS Thing, -- FROM {a, b}
    countState() AS Things
FROM {otel_logs, otel_traces}
GROUP BY Bucket, ServiceName, Environment, Thing;
";

#[test]
fn sources_with_the_same_statement_share_it() {
    let once = |source| SHARED.replace("{otel_logs, otel_traces}", source);
    let second = once("otel_traces");
    let (_, second) = second.split_once('\n').unwrap();
    let twice = format!("{}\n{second}", once("otel_logs"));
    assert_eq!(
        parse("things", "mv_things", SHARED, 92).unwrap(),
        parse("things", "mv_things", &twice, 92).unwrap()
    );
}

#[test]
fn each_fault_of_a_view_is_named() {
    let in_view = |from: &str, to: &str| {
        parse("things", "mv_things", &VIEW.replacen(from, to, 1), 92)
            .err()
            .unwrap_or_default()
    };
    let cases = [
        (
            in_view("countState()", "avgState(Duration)"),
            "Things is neither in GROUP BY nor the state of a function that merges exactly (count, sum, min, max, uniqCombined64, quantilesDD, windowFunnel, groupUniqArrayArray), with or without If",
        ),
        (
            in_view("countState()", "count()"),
            "Things is neither in GROUP BY nor the state of a function that merges exactly (count, sum, min, max, uniqCombined64, quantilesDD, windowFunnel, groupUniqArrayArray), with or without If",
        ),
        (
            in_view("GROUP BY Bucket, ServiceName", "GROUP BY ServiceName, Bucket"),
            "expected GROUP BY Bucket (or Day), …, with ServiceName and Environment; or for rows ORDER BY …, Timestamp, RowId, and columns ServiceName and Environment",
        ),
        (
            in_view("GROUP BY Bucket, ServiceName, ", "GROUP BY Bucket, "),
            "expected GROUP BY Bucket (or Day), …, with ServiceName and Environment; or for rows ORDER BY …, Timestamp, RowId, and columns ServiceName and Environment",
        ),
        (
            in_view(
                "    ServiceName,\n    Environment",
                "    Environment,\n    ServiceName",
            ),
            "expected the columns to begin with those of GROUP BY, in its order: Bucket, ServiceName, Environment, Thing",
        ),
        (
            in_view("otel_logs", "otel_logs, otel_traces"),
            "expected one raw table, named once; found otel_logs, otel_traces",
        ),
        (
            in_view("otel_logs", "otel_traces"),
            "two statements read otel_traces",
        ),
        (
            in_view("FROM otel_logs", "FROM {otel_logs, otel_traces}"),
            "two statements read otel_traces",
        ),
        (
            in_view("AS Things", "AS Number"),
            "the statement over otel_traces has other columns than the first",
        ),
        (
            in_view("FROM otel_logs", "FROM otel_logs WHERE Body = {body:String}"),
            "{body} is used, but a view has no parameters",
        ),
        (
            parse("things", "mv_things", " ", 92).err().unwrap_or_default(),
            "expected a SELECT",
        ),
    ];
    for (found, expected) in cases {
        let expected = format!("queries/things/mv_things.sql: {expected}");
        assert!(
            found.contains(&expected),
            "expected: {expected}\nfound: {found:#?}"
        );
    }
}
