//! The answers of the SQL page, the names that its editor completes, and the statements of panels.

mod estimate;
mod form;
pub mod statement;

use std::collections::BTreeMap;

use lakefront_api::{
    Bucket, ChartKind, ChartSpec, Column, Problem, QueryInfo, QueryReply, SentStatement, SqlRequest, Zone,
    instant,
};
use lakefront_chart::{Frame, Key, count};
use leptos_router::location::RequestUrl;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::estimate::estimated;
use self::statement::{PARAM, SQL, params, placeholders};
use super::{SqlPageRequest, http_request::is_foreign};
use crate::{
    QueryService,
    cell_format::CellFormat,
    render::{badge::badge, figure::drawing},
    view::View,
};

/// The parameter of the address of a page without JavaScript, by which a statement is estimated in place of being run.
const ESTIMATE: &str = "estimate";

/// The most rows that the page shows without its editor. The files have all of them.
const SHOWN: usize = 300;
/// The most bars of a ranking.
const BARS: usize = 30;
/// The most measures of one chart.
const MEASURES: usize = 4;
/// The longest address of a file with the answer, in bytes. Servers accept 16 KB at the least.
const LONGEST_ADDRESS: usize = 12_000;

/// The tables with their columns, and the functions, in rows of two kinds.
const NAMES: &str = "SELECT table, name, type FROM system.columns WHERE database = 'otel' ORDER BY table, position \
    UNION ALL SELECT '', name, '' FROM system.functions WHERE alias_to = ''";

/// A statement of the SQL page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The statement, with typed placeholders such as `{user:String}`.
    pub sql: String,
    /// The names and values of the placeholders.
    pub params: Vec<(String, String)>,
    /// The id by which the statement can be stopped, as [`SqlRequest::id`].
    #[serde(default)]
    pub id: Option<String>,
}

/// The answer to a statement, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementAnswer {
    /// The charts and the badge, or the problem, as HTML. `data-rows` marks the place of the rows.
    pub html: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// The names that the editor completes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SqlNames {
    /// The tables, each with the names and types of its columns.
    pub tables: Vec<(String, Vec<(String, String)>)>,
    /// The functions of the engine.
    pub functions: Vec<String>,
}

/// Returns the request for a statement with the values of its placeholders.
pub fn request(sql: String, params: Vec<(String, String)>) -> SqlRequest {
    let params: BTreeMap<_, _> = params
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    SqlRequest {
        sql,
        params,
        id: None,
    }
}

/// Renders the page: the form, and without JavaScript the answer too. A statement to which another site has led does not
/// run.
pub async fn page(host: &QueryService, asked: &SqlPageRequest) -> Markup {
    let address = RequestUrl::new(&format!("/{}", asked.query));
    let view = address
        .parse()
        .map(|url| View::from_query(url.search_params()))
        .unwrap_or_default();
    let foreign = is_foreign();
    let runs = !foreign && !view.param(SQL).is_empty();
    html! {
        lakefront-sql data-run[runs] { (form::form(&view, foreign)) }
        @if runs && asked.plain && view.param(ESTIMATE) == "1" {
            section.panel aria-label="Estimate" { (estimate::plain(host, request(view.param(SQL).to_owned(), params(&view))).await) }
        } @else if runs && asked.plain {
            @let statement = Statement { sql: view.param(SQL).to_owned(), params: params(&view), id: None };
            section.panel.wide-panel aria-label="Answer" {
                (match run(host, &statement).await {
                    Ok(reply) => html(&reply, &statement, &table(&reply)),
                    Err(problem) => refusal(&problem),
                })
            }
        }
    }
}

/// Runs a statement and returns its answer for a caller that draws the rows. A problem is an answer too: the page shows it.
pub async fn answer(host: &QueryService, asked: &Statement) -> StatementAnswer {
    match run(host, asked).await {
        Ok(reply) => StatementAnswer {
            html: html(&reply, asked, &html! { div data-rows {} }).into_string(),
            columns: reply.columns,
            rows: reply.rows,
        },
        Err(problem) => StatementAnswer {
            html: refusal(&problem).into_string(),
            columns: Vec::new(),
            rows: Vec::new(),
        },
    }
}

async fn run(host: &QueryService, asked: &Statement) -> Result<QueryReply, Problem> {
    let request = SqlRequest {
        id: asked.id.clone(),
        ..request(asked.sql.clone(), asked.params.clone())
    };
    host.sql(request).await
}

/// Returns the names of the lake's tables and columns, and of the engine's functions.
///
/// # Errors
/// The host's problem if no engine answers.
pub async fn names(host: &QueryService) -> Result<SqlNames, Problem> {
    let reply = host.own_sql(request(NAMES.into(), Vec::new())).await?;
    let mut names = SqlNames::default();
    for row in &reply.rows {
        let text = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (table, name, data_type) = (text(0), text(1), text(2));
        match names.tables.last_mut() {
            _ if table.is_empty() => names.functions.push(name),
            Some((last, columns)) if *last == table => columns.push((name, data_type)),
            _ => names.tables.push((table, vec![(name, data_type)])),
        }
    }
    Ok(names)
}

/// Returns the address of the SQL page with a statement and its values.
pub fn address(statement: &SentStatement) -> String {
    let used = placeholders(&statement.sql);
    let mut fields = vec![(SQL.to_owned(), statement.sql.clone())];
    fields.extend(statement.params.iter().filter_map(|param| {
        used.iter().find(|placeholder| placeholder.name == param.name)?;
        Some((format!("{PARAM}{}", param.name), param.value.clone()))
    }));
    format!("/sql{}", View::default().with(fields).href())
}

/// Renders an answer around its rows.
fn html(reply: &QueryReply, asked: &Statement, rows_html: &Markup) -> Markup {
    let rows = reply.rows.len();
    html! {
        header {
            h2 { (count(rows as f64)) @if rows == 1 { " row" } @else { " rows" } }
            @if reply.truncated {
                p.cut { "The answer was longer than the limit and was cut after " (count(rows as f64)) " rows. Add a condition or a LIMIT." }
            }
        }
        (charts(reply))
        (rows_html)
        footer {
            (badge(reply, &Zone::utc()))
            @let query = query(asked);
            div.tools {
                @if query.len() <= LONGEST_ADDRESS {
                    span.files {
                        "Download "
                        a href={ "/download/sql.csv" (query) } download rel="external" aria-label="Answer as CSV" { "CSV" }
                        " "
                        a href={ "/download/sql.json" (query) } download rel="external" aria-label="Answer as JSON" { "JSON" }
                        " "
                        a href={ "/download/sql.parquet" (query) } download rel="external" aria-label="Answer as Parquet" { "Parquet" }
                    }
                } @else {
                    span { "The statement is too long for a link, so there are no files of the answer." }
                }
            }
        }
    }
}

/// Returns the query string of a statement with its values.
fn query(asked: &Statement) -> String {
    let mut fields = vec![(SQL.to_owned(), asked.sql.clone())];
    let params = asked.params.iter();
    fields.extend(params.map(|(name, value)| (format!("{PARAM}{name}"), value.clone())));
    View::default().with(fields).href()
}

/// Renders why there is no answer. The engine's sentence is in sight, because it names the place of the fault.
fn refusal(problem: &Problem) -> Markup {
    html! {
        div.note.failure role="alert" {
            strong { (problem.kind.title()) }
            p { (problem.detail) }
            @if let Some(text) = &problem.engine_message {
                pre tabindex="0" translate="no" { @if let Some(code) = problem.code { "code " (code) ": " } (text) }
            }
        }
    }
}

/// Renders the first rows. Values are those of the API.
fn table(reply: &QueryReply) -> Markup {
    let classes: Vec<_> = reply
        .columns
        .iter()
        .map(|column| {
            if is_number(bare(&column.data_type)) {
                "number"
            } else {
                "text"
            }
        })
        .collect();
    html! {
        @if !reply.rows.is_empty() {
            div.table role="region" tabindex="0" aria-label="Rows" translate="no" {
                table {
                    thead { tr { @for (column, class) in reply.columns.iter().zip(&classes) { th.(class) scope="col" title=(column.data_type) { (column.name) } } } }
                    tbody {
                        @for row in reply.rows.iter().take(SHOWN) {
                            tr { @for (value, class) in row.iter().zip(&classes) { td.(class) { (shown(value)) } } }
                        }
                    }
                }
            }
        }
        @if reply.rows.len() > SHOWN {
            p.more { "The first " (SHOWN) " of " (count(reply.rows.len() as f64)) " rows. The files have all of them." }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "NULL".into(),
        other => other.to_string(),
    }
}

/// Renders the first time, or else the first text, against the first numbers: as lines and as bars, between which the
/// viewer chooses. An answer without such columns has no chart.
fn charts(reply: &QueryReply) -> Markup {
    let frames = frames(reply);
    html! {
        @if let Some((_, first)) = frames.first() {
            div.sql-charts {
                @if frames.len() > 1 {
                    fieldset {
                        legend.sr-only { "Chart" }
                        @for (at, (name, _)) in frames.iter().enumerate() {
                            label { input type="radio" name="sql-chart" value=(name) checked[at == 0]; " " (name) }
                        }
                    }
                }
                @for (name, frame) in &frames {
                    div.chart.(name) translate="no" role="img" aria-label=(frame.summary("Answer")) {
                        (drawing(frame, None, &Zone::utc()))
                    }
                }
                @if let Frame::Time(frame) = first { (legend(&frame.keys(), frame.hidden)) }
            }
        }
    }
}

fn legend(keys: &[Key], hidden: usize) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.legend translate="no" aria-label="Legend" {
                @for key in keys { li { i class=(key.classes) {} (key.name) } }
                @if hidden > 0 { li.more { (hidden) " more in the rows" } }
            }
        }
    }
}

/// Returns the charts of a reply by name.
fn frames(reply: &QueryReply) -> Vec<(&'static str, Frame)> {
    let named = |is: fn(&str) -> bool| {
        let columns = reply
            .columns
            .iter()
            .filter(move |column| is(bare(&column.data_type)));
        columns.map(|column| column.name.clone())
    };
    let time = named(|bare| bare.starts_with("Date")).next();
    let label = named(|bare| {
        ["String", "FixedString(", "Enum", "UUID"]
            .iter()
            .any(|text| bare.starts_with(text))
    })
    .next();
    let mut y: Vec<_> = named(is_number).take(MEASURES).collect();
    if y.is_empty() {
        return Vec::new();
    }
    let frame = |kind, bucket, x: String, y: Vec<String>, series: Vec<Vec<String>>, reply: &QueryReply| {
        Frame::new(&info(kind, bucket, x, y, series.concat()), reply, &Zone::utc())
    };
    match (time, label) {
        (Some(time), label) => {
            if label.is_some() {
                y.truncate(1);
            }
            let bucket = bucket(reply, &time);
            let mut kinds = vec![("lines", ChartKind::Line)];
            // Instants have no width, so they have no bars.
            if bucket != Bucket::Exact {
                kinds.push(("bars", ChartKind::Bar));
            }
            let series: Vec<_> = label.into_iter().collect();
            kinds
                .into_iter()
                .filter_map(|(name, kind)| {
                    let series = vec![series.clone()];
                    Some((name, frame(kind, bucket, time.clone(), y.clone(), series, reply)?))
                })
                .collect()
        }
        (None, Some(label)) => {
            let mut first = reply.clone();
            first.rows.truncate(BARS);
            let ranking = frame(ChartKind::Ranking, Bucket::Exact, label, y, Vec::new(), &first);
            ranking.map(|frame| ("ranking", frame)).into_iter().collect()
        }
        (None, None) => Vec::new(),
    }
}

fn info(kind: ChartKind, bucket: Bucket, x: String, y: Vec<String>, series: Vec<String>) -> QueryInfo {
    QueryInfo {
        name: "sql".into(),
        title: "Answer".into(),
        description: String::new(),
        bucket,
        params: Vec::new(),
        columns: Vec::new(),
        order: String::new(),
        chart: ChartSpec {
            kind,
            x,
            y,
            series,
            unit: String::new(),
            step_seconds: None,
        },
        panels: Vec::new(),
        rows: Vec::new(),
        retention_days: None,
    }
}

/// Returns the longest bucket in which all times of a column begin. Days need no look: their text says that they are.
fn bucket(reply: &QueryReply, column: &str) -> Bucket {
    let at = reply.columns.iter().position(|known| known.name == column);
    let seconds = reply.rows.iter().map(|row| {
        let text = row.get(at?)?.as_str()?;
        match text.len() {
            10 => Some(0),
            _ => instant::time(text)
                .filter(|time| time.subsec_nanosecond() == 0)
                .map(|time| time.as_second().rem_euclid(86_400)),
        }
    });
    let mut common = Bucket::Day;
    for second in seconds {
        common = match (second, common) {
            (None, _) | (_, Bucket::Exact) => return Bucket::Exact,
            (Some(0), common) => common,
            (Some(second), Bucket::Day | Bucket::Hour) if second % 3_600 == 0 => Bucket::Hour,
            (Some(second), _) if second % 900 == 0 => Bucket::Quarter,
            _ => return Bucket::Exact,
        };
    }
    common
}

/// Returns a type without what surrounds it.
fn bare(data_type: &str) -> &str {
    let mut bare = data_type;
    while let Some(inner) = bare
        .strip_prefix("Nullable(")
        .or_else(|| bare.strip_prefix("LowCardinality("))
    {
        bare = inner;
    }
    bare
}

fn is_number(data_type: &str) -> bool {
    matches!(CellFormat::of("", data_type, ""), CellFormat::Number(_))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(columns: &[(&str, &str)], rows: Value) -> QueryReply {
        let columns: Vec<_> = columns
            .iter()
            .map(|(name, data_type)| json!({ "name": name, "type": data_type }))
            .collect();
        serde_json::from_value(json!({
            "columns": columns, "rows": rows, "truncated": true,
            "backend": "chdb", "reason": "no-view", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap()
    }

    fn kinds(reply: &QueryReply) -> Vec<&'static str> {
        frames(reply).into_iter().map(|(name, _)| name).collect()
    }

    fn asked() -> Statement {
        Statement {
            sql: "SELECT {a:String}".into(),
            params: vec![("a".into(), "x&y".into())],
            id: None,
        }
    }

    #[test]
    fn a_chart_needs_a_time_or_a_text_and_a_number() {
        let time = ("t", "DateTime('UTC')");
        let hours = json!([["2026-03-24T10:00:00Z", 1], ["2026-03-24T11:00:00Z", 2]]);
        assert_eq!(kinds(&reply(&[time, ("n", "UInt64")], hours)), ["lines", "bars"]);
        let instants = json!([["2026-03-24T10:00:01.5Z", 1]]);
        assert_eq!(
            kinds(&reply(&[time, ("n", "Nullable(UInt64)")], instants)),
            ["lines"]
        );
        let days = json!([["2026-03-24", "web", 1.5]]);
        let by_day = reply(
            &[("d", "Date"), ("s", "LowCardinality(String)"), ("n", "Float64")],
            days,
        );
        assert_eq!(kinds(&by_day), ["lines", "bars"]);
        let named = json!([["web", 1]]);
        assert_eq!(
            kinds(&reply(
                &[("s", "LowCardinality(Nullable(String))"), ("n", "Int8")],
                named
            )),
            ["ranking"]
        );
        assert!(kinds(&reply(&[("s", "String")], json!([["web"]]))).is_empty());
        assert!(kinds(&reply(&[("n", "Int8")], json!([[1]]))).is_empty());
        assert!(kinds(&reply(&[time, ("n", "Int8")], json!([[null, 1]]))).is_empty());
        assert!(kinds(&reply(&[time, ("n", "Int8")], json!([]))).is_empty());
    }

    #[test]
    fn buckets_are_as_long_as_all_times_allow() {
        let of = |times: &[&str]| {
            let rows: Vec<_> = times.iter().map(|time| json!([time])).collect();
            bucket(&reply(&[("t", "DateTime('UTC')")], json!(rows)), "t")
        };
        assert_eq!(of(&["2026-03-24T00:00:00Z", "2026-03-25"]), Bucket::Day);
        assert_eq!(
            of(&["2026-03-24T00:00:00Z", "2026-03-24T07:00:00Z"]),
            Bucket::Hour
        );
        assert_eq!(
            of(&[
                "2026-03-24T07:00:00Z",
                "2026-03-24T07:45:00Z",
                "2026-03-24T00:00:00Z"
            ]),
            Bucket::Quarter
        );
        assert_eq!(
            of(&["2026-03-24T07:45:00Z", "2026-03-24T07:05:00Z"]),
            Bucket::Exact
        );
        assert_eq!(of(&["2026-03-24T07:00:00.5Z"]), Bucket::Exact);
        assert_eq!(of(&["never"]), Bucket::Exact);
    }

    #[test]
    fn values_and_names_cannot_break_out_of_the_page() {
        let evil = "\"><script>alert(1)</script>";
        let reply = reply(
            &[(evil, "String"), ("n", evil), ("m", "Int8")],
            json!([[evil, { "a": evil }, 1], [null, 2, 3]]),
        );
        let html = html(&reply, &asked(), &table(&reply)).into_string();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("/download/sql.csv?q=SELECT"), "{html}");
        assert!(html.contains("param_a=x%26y"), "{html}");
        assert!(html.contains("was cut after 2 rows"), "{html}");
        assert!(html.contains("NULL"), "{html}");
        let problem = Problem::new(lakefront_api::ProblemType::QueryFailed, evil).with_engine(Some(62), evil);
        let html = refusal(&problem).into_string();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("code 62"), "{html}");
    }

    #[test]
    fn an_address_has_the_values_that_the_statement_takes() {
        let param = |name: &str, value: &str| lakefront_api::SentParam {
            name: name.into(),
            value: value.into(),
        };
        let statement = SentStatement {
            sql: "SELECT {a:String}".into(),
            params: vec![param("a", "1&2"), param("tz", "UTC")],
        };
        assert_eq!(
            address(&statement),
            "/sql?q=SELECT%20%7Ba%3AString%7D&param_a=1%262"
        );
    }
}
