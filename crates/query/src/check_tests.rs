use crate::check::check;
use crate::sql_text::blank;

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
            in_toml("\"limit\"", "\"tz\""),
            "query.toml: params.name `tz` is taken",
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
            "query.toml: chart.x and chart.y are required unless chart.kind is table",
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

#[test]
fn comments_and_quotes_are_blanked_in_place() {
    let sql = r"a 'b \' c' d -- e 'f
g 'ü''' h";
    let blanked = blank(sql);
    assert_eq!(blanked, "a '      ' d        \ng '  ''' h");
    assert_eq!(blanked.len(), sql.len());
}
