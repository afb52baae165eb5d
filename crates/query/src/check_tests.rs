use crate::check::check;

const TOML: &str = r#"
title = "Things"
description = "Counts things."
bucket = "hour"

[[params]]
name = "limit"
kind = "integer"
default = 10
max = 100
description = "How many."

[[columns]]
name = "thing"
type = "String"
description = "Which."

[[columns]]
name = "things"
type = "UInt64"
description = "How many."

[chart]
kind = "ranking"
x = "thing"
y = ["things"]
"#;

const SQL: &str = "\
SELECT
    Body AS thing, -- FROM, {nothing:String}
    count() AS things
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String} OR Body = ' FROM {x:String} ''')
    AND {environment:String} IN ('', Environment)
GROUP BY thing
ORDER BY things DESC, thing
LIMIT {limit:UInt64}
";

fn faults(toml: &str, sql: &str) -> Vec<String> {
    check("things", toml, sql, None, 32).err().unwrap_or_default()
}

#[test]
fn a_true_folder_becomes_a_definition() {
    let found = check("things", TOML, SQL, None, 32).unwrap();
    assert_eq!(found.info.name, "things");
    assert_eq!(found.info.order, "things ↓, thing");
    let names: Vec<_> = found
        .info
        .params
        .iter()
        .map(|param| param.name.as_str())
        .collect();
    assert_eq!(names, ["limit", "service", "environment"]);
}

#[test]
fn each_fault_names_the_file_and_the_field() {
    let in_toml = |from: &str, to: &str| faults(&TOML.replacen(from, to, 1), SQL);
    let in_sql = |from: &str, to: &str| faults(TOML, &SQL.replacen(from, to, 1));
    let cases = [
        (
            in_sql("LIMIT {limit:UInt64}", ""),
            "lake.sql: parameter `limit` is declared, but {limit:UInt64} is not used",
        ),
        (
            in_sql("{limit:UInt64}", "{limit:UInt64} + {page:String}"),
            "lake.sql: {page:String} is used, but query.toml has no such [[params]]",
        ),
        (
            in_sql("{limit:UInt64}", "{limit:UInt64} + {limit:UInt8}"),
            "lake.sql: {limit:UInt8} is used, but query.toml declares `limit` as UInt64",
        ),
        (
            in_sql("{to:DateTime64(6)}", "now()"),
            "lake.sql: parameter `to` is declared, but {to:DateTime64(6)} is not used",
        ),
        (
            in_sql("{environment:String}", "'prod'"),
            "lake.sql: parameter `environment` is declared, but {environment:String} is not used",
        ),
        (
            in_sql("count() AS things", "count() AS number"),
            "query.toml: columns are thing, things, but lake.sql returns thing, number",
        ),
        (
            in_sql("ORDER BY things DESC, thing", ""),
            "lake.sql: an outer ORDER BY is missing, so two runs could differ",
        ),
        (
            in_sql("ORDER BY things", "ORDER BY Timestamp"),
            "lake.sql: ORDER BY Timestamp, which is not a column",
        ),
        (
            in_sql("SELECT", "SELECT 1 UNION ALL SELECT"),
            "lake.sql: expected one SELECT outside parentheses, found 2",
        ),
        (
            in_toml("kind = \"integer\"\ndefault = 10", "kind = \"text\""),
            "query.toml: params.max of `limit`: a text takes none; its bound is that of the column",
        ),
        (
            in_toml("max = 100\n", ""),
            "query.toml: params.max of `limit` is missing",
        ),
        (
            in_toml("\"limit\"", "\"tz\""),
            "query.toml: params.name `tz` is taken",
        ),
        (
            in_toml(
                "bucket = \"hour\"",
                "bucket = \"hour\"\nrows = [\"logs?q=\", \"trace?q=a\"]",
            ),
            "query.toml: rows has `trace?q=a`; expected a page and a search, as in `logs?q=error:*`",
        ),
        (
            in_toml("default = 10", "default = \"ten\""),
            "query.toml: params.default of `limit` is not what the parameter takes",
        ),
        (
            in_toml("default = 10", "default = 101"),
            "query.toml: params.default of `limit` is not what the parameter takes",
        ),
        (
            in_toml("x = \"thing\"", "x = \"name\""),
            "query.toml: chart.x names `name`, which is not a column",
        ),
        (
            in_toml("y = [\"things\"]", "y = [\"number\"]"),
            "query.toml: chart.y names `number`, which is not a column",
        ),
        (
            in_toml("y = [\"things\"]", ""),
            "query.toml: chart.x and chart.y are required unless chart.kind is table, totals, markers or record",
        ),
    ];
    for (found, expected) in cases {
        let expected = format!("queries/things/{expected}");
        assert!(
            found.contains(&expected),
            "expected: {expected}\nfound: {found:#?}"
        );
    }
}

#[test]
fn a_field_that_does_not_exist_is_named() {
    let [fault] = &faults(&TOML.replace("title", "titel"), SQL)[..] else {
        panic!("expected one fault")
    };
    assert!(
        fault.starts_with("queries/things/query.toml: ") && fault.contains("`titel`"),
        "{fault}"
    );
}

const HOT: &str = "\
SELECT
    Thing::String AS thing,
    countMerge(Things) AS things
FROM mv_things
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND {service:String} IN ('', ServiceName)
    AND {environment:String} IN ('', Environment)
GROUP BY thing
ORDER BY things DESC, thing
LIMIT {limit:UInt64}
";

/// Returns `TOML` followed by a `[hot]` table with the given lines.
fn with_hot(table: &str) -> String {
    format!("{TOML}\n[hot]\n{table}\n")
}

#[test]
fn a_view_and_its_retention_are_declared() {
    let toml = with_hot("view = \"mv_things\"\nretention_days = 92");
    let found = check("things", &toml, SQL, Some(HOT), 32).unwrap();
    assert_eq!(found.info.retention_days, Some(92));
    let found = check("things", &with_hot("indexed = true"), SQL, None, 32).unwrap();
    assert_eq!(found.info.retention_days, Some(32));
}

#[test]
fn a_query_that_looks_back_says_since_when() {
    let since = |sql: &str| {
        sql.replacen(
            "Timestamp >= {from",
            "Timestamp >= {since:DateTime64(6)} AND Timestamp >= {from",
            1,
        )
    };
    let toml = |days: u16| format!("look_back_days = {days}\n{TOML}");
    let found = check("things", &toml(30), &since(SQL), None, 32).unwrap();
    assert_eq!(found.look_back_days, 30);
    let cases = [
        (
            faults(&toml(30), SQL),
            "lake.sql: parameter `since` is declared, but {since:DateTime64(6)} is not used",
        ),
        (
            faults(TOML, &since(SQL)),
            "lake.sql: {since:DateTime64(6)} is used, but query.toml has no such [[params]]",
        ),
        (
            faults(&toml(93), &since(SQL)),
            "query.toml: look_back_days is 93; expected at most 92",
        ),
        (
            faults(&(toml(30) + "\n[hot]\nindexed = true\n"), &since(SQL)),
            "query.toml: look_back_days needs a view; raw tables keep too little",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, [format!("queries/things/{expected}")]);
    }
}

#[test]
fn each_fault_of_the_hot_side_is_named() {
    let on = |table: &str, hot: Option<&str>| {
        check("things", &with_hot(table), SQL, hot, 32)
            .err()
            .unwrap_or_default()
    };
    let view = "view = \"mv_things\"\nretention_days = 92";
    let in_hot = |from: &str, to: &str| on(view, Some(&HOT.replacen(from, to, 1)));
    let takes = "query.toml: [hot] takes `view` and `retention_days`, or `indexed = true`";
    let cases = [
        (
            check("things", TOML, SQL, Some(HOT), 32)
                .err()
                .unwrap_or_default(),
            "query.toml: hot.sql is there, but [hot] is missing",
        ),
        (on(view, None), "hot.sql: missing, but query.toml names a view"),
        (on("view = \"mv_things\"", Some(HOT)), takes),
        (on("", None), takes),
        (
            on("indexed = true", Some(HOT)),
            "query.toml: hot.indexed asks lake.sql, but hot.sql is there",
        ),
        (
            check(
                "things",
                &with_hot("indexed = true"),
                &SQL.replace("WHERE", "PREWHERE"),
                None,
                32,
            )
            .err()
            .unwrap_or_default(),
            "lake.sql: the guard stands in the first WHERE, and there is none",
        ),
        (
            in_hot("WHERE", "PREWHERE"),
            "hot.sql: the guard stands in the first WHERE, and there is none",
        ),
        (
            on("view = \"mv_things\"\nretention_days = 91", Some(HOT)),
            "query.toml: hot.retention_days is 91; expected 92 to 365",
        ),
        (
            check(
                "things",
                &with_hot(view).replace("bucket = \"hour\"", "bucket = \"exact\""),
                SQL,
                Some(HOT),
                32,
            )
            .err()
            .unwrap_or_default(),
            "hot.sql: bucket is exact, so that the range is cut by Timestamp, a key of the view",
        ),
        (
            in_hot("mv_things", "mv_others"),
            "hot.sql: does not read mv_things, which query.toml names",
        ),
        (
            in_hot("mv_things", "mv_things JOIN otel_logs"),
            "hot.sql: reads otel_logs, but query.toml names mv_things",
        ),
        (
            in_hot("AS things", "AS number"),
            "query.toml: columns are thing, things, but hot.sql returns thing, number",
        ),
        (
            in_hot("things DESC, thing", "thing"),
            "hot.sql: ordered by thing, but lake.sql by things ↓, thing",
        ),
        (
            in_hot("{to:DateTime64(6)}", "now()"),
            "hot.sql: parameter `to` is declared, but {to:DateTime64(6)} is not used",
        ),
    ];
    for (found, expected) in cases {
        let expected = format!("queries/things/{expected}");
        assert!(
            found.contains(&expected),
            "expected: {expected}\nfound: {found:#?}"
        );
    }
}
