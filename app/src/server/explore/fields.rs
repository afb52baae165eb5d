//! The values of fields in the rows that were found, beside all other rows of the range: what these have in common, and
//! what sets them apart.

use std::collections::HashSet;

use lakefront_api::{QueryReply, Wanted};
use lakefront_chart::count;
use lakefront_search::Named;
use maud::{Markup, html};
use serde_json::Value;

use super::{Columns, Explorer, footer, rows::nothing};
use crate::{QueryService, failure::Failure};

/// The most fields that are shown.
const MOST: usize = 40;
/// The longest value in characters. The engine returns one character more of longer ones.
const LONGEST: usize = 200;

/// A field with its values, the most different first.
struct Field<'a> {
    is_column: bool,
    name: &'a str,
    values: Vec<Row<'a>>,
}

/// How many rows of both samples have a value.
struct Row<'a> {
    value: &'a str,
    found: f64,
    others: f64,
}

/// The number of rows in the range and in the samples of them.
#[derive(Clone, Copy)]
struct Sizes {
    all_found: f64,
    all_others: f64,
    found: f64,
    others: f64,
}

/// Searches for the values and renders them.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let request = explorer.request(Wanted::Fields, explorer.time_range()?, None);
    let reply = host.search(request).await?.reply;
    let Some(range) = reply.range else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    let content = match sizes(&reply) {
        Some(sizes) if sizes.found > 0.0 => shown(explorer, &reply, sizes),
        _ => nothing(explorer, false),
    };
    Ok(html! { (content) (footer(explorer, &reply, &zone, Wanted::Fields)) })
}

fn shown(explorer: &Explorer, reply: &QueryReply, sizes: Sizes) -> Markup {
    let fields = fields(reply);
    html! {
        p.more {
            "Shares of " (kind(sizes.found, sizes.all_found)) (explorer.noun()) " of this search"
            @if sizes.others > 0.0 {
                " beside " (kind(sizes.others, sizes.all_others)) "others of the range. What differs most comes first."
            } @else {
                ", which are all of the range. A search shows what sets some apart."
            }
        }
        div.apart translate="no" {
            @for field in fields.iter().take(MOST) {
                section {
                    h3 { (field.name) }
                    ul {
                        @for row in &field.values { (value(explorer, field, row, sizes)) }
                    }
                }
            }
        }
        @if fields.len() > MOST { p.more { "The first " (MOST) " of " (fields.len()) " fields." } }
    }
}

/// Returns the words for a number of rows: all, or a sample of them.
fn kind(read: f64, all: f64) -> String {
    if read < all {
        format!("a sample of {} of {} ", count(read), count(all))
    } else {
        format!("{} ", count(all))
    }
}

fn value(explorer: &Explorer, field: &Field<'_>, row: &Row<'_>, sizes: Sizes) -> Markup {
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    let (found, others) = (share(row.found, sizes.found), share(row.others, sizes.others));
    let named = if field.is_column {
        Named::Column(field.name)
    } else {
        Named::Attribute(field.name)
    };
    let is_whole = row.value.chars().count() <= LONGEST;
    let narrowed = |exclude: bool| explorer.narrowed(named, row.value, exclude);
    let label = format!(
        "{}: {found:.0} % of these, {others:.0} % of the others",
        row.value
    );
    html! {
        li {
            span.value title=(row.value) { (row.value) }
            span.shares role="img" aria-label=(label) {
                i.found style={ "width:" (format!("{found:.1}")) "%" } {}
                @if sizes.others > 0.0 { i.others style={ "width:" (format!("{others:.1}")) "%" } {} }
            }
            span.percent aria-hidden="true" { (percent(found)) @if sizes.others > 0.0 { small { (percent(others)) } } }
            @if is_whole {
                span.filter {
                    a href=(narrowed(false)) title={ "Only with this " (field.name) } aria-label={ "Only with " (field.name) " " (row.value) } { "+" }
                    a href=(narrowed(true)) title={ "Without this " (field.name) } aria-label={ "Without " (field.name) " " (row.value) } { "−" }
                }
            }
        }
    }
}

/// Returns a share in whole percent. A share that is not quite none or all does not look so.
fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".into(),
        share if share < 1.0 => "<1 %".into(),
        100.0 => "100 %".into(),
        share if share > 99.0 => ">99 %".into(),
        share => format!("{share:.0} %"),
    }
}

/// Returns the sizes, which the row without a field has.
fn sizes(reply: &QueryReply) -> Option<Sizes> {
    let columns = Columns(reply);
    let row = reply
        .rows
        .iter()
        .find(|row| columns.text(row, "field").is_empty())?;
    let number = |name: &str| {
        columns
            .value(row, name)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    };
    Some(Sizes {
        all_found: number("all_found"),
        all_others: number("all_others"),
        found: number("found"),
        others: number("others"),
    })
}

/// Returns the fields in the order of their first rows. An attribute from which a column was made says the same as the
/// column, and is left out.
fn fields(reply: &QueryReply) -> Vec<Field<'_>> {
    let columns = Columns(reply);
    let number = |row: &[Value], name: &str| {
        columns
            .value(row, name)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    };
    let mut fields: Vec<Field<'_>> = Vec::new();
    for row in &reply.rows {
        let (name, value) = (columns.text(row, "field"), columns.text(row, "value"));
        if name.is_empty() {
            continue;
        }
        let is_column = number(row, "is_column") > 0.0;
        let row = Row {
            value,
            found: number(row, "found"),
            others: number(row, "others"),
        };
        match fields
            .iter_mut()
            .find(|field| field.name == name && field.is_column == is_column)
        {
            Some(field) => field.values.push(row),
            None => fields.push(Field {
                is_column,
                name,
                values: vec![row],
            }),
        }
    }
    let key = |row: &Row<'_>| (row.value.to_owned(), row.found.to_bits(), row.others.to_bits());
    let of_columns = fields.iter().filter(|field| field.is_column);
    let known: HashSet<_> = of_columns
        .flat_map(|field| field.values.iter().map(key))
        .collect();
    fields.retain(|field| field.is_column || !field.values.iter().all(|row| known.contains(&key(row))));
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(rows: Value) -> QueryReply {
        let names = [
            "is_column",
            "field",
            "value",
            "found",
            "others",
            "all_found",
            "all_others",
        ];
        let columns: Vec<_> = names
            .iter()
            .map(|name| json!({ "name": name, "type": "" }))
            .collect();
        serde_json::from_value(json!({
            "columns": columns, "rows": rows, "truncated": false,
            "backend": "chdb", "reason": "no-view", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap()
    }

    #[test]
    fn an_attribute_that_became_a_column_is_left_out() {
        let reply = reply(json!([
            [1, "", "", 4, 8, 4, 80],
            [1, "HttpRoute", "/a", 4, 1, 4, 80],
            [0, "http.route", "/a", 4, 1, 4, 80],
            [0, "host.name", "web-1", 3, 1, 4, 80],
            [1, "HttpRoute", "/b", 0, 7, 4, 80],
            [0, "host.name", "/a", 4, 1, 4, 80],
        ]));
        let fields = fields(&reply);
        let names: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.values.len()))
            .collect();
        assert_eq!(names, [("HttpRoute", 2), ("host.name", 2)]);
        let sizes = sizes(&reply).unwrap();
        assert_eq!((sizes.found, sizes.all_others), (4.0, 80.0));
    }

    #[test]
    fn shares_that_are_nearly_none_or_all_say_so() {
        let texts = [0.0, 0.3, 1.0, 50.4, 99.0, 99.9, 100.0].map(percent);
        assert_eq!(texts, ["0 %", "<1 %", "1 %", "50 %", "99 %", ">99 %", "100 %"]);
    }
}
