//! The list of metrics with its search box.

use lakefront_api::{QueryReply, Zone};
use lakefront_chart::{Unit, clock, count};
use maud::{Markup, html};
use serde_json::Value;

use super::{super::explore::Columns, Asker, MetricsAnswer, letter::Letter, unit::shown};
use crate::{failure::Failure, render};

/// The most metrics of a list. The search box finds the others.
const LISTED: &str = "200";

/// Asks for the metrics whose names have the text of the search box, and renders them. With a letter, the links add a metric
/// to the chart.
pub async fn answer(asker: &Asker<'_>, added: Option<Letter>) -> Result<MetricsAnswer, Failure> {
    let own = [
        ("find", asker.view.param("q").to_owned()),
        ("limit", LISTED.to_owned()),
    ];
    let reply = asker.ask("metrics", asker.range, &own).await?;
    let info = asker.info("metrics")?;
    let zone = asker.zone(&reply)?;
    let html = html! {
        @if let Some(letter) = added {
            p.adding {
                "Choose the metric " strong translate="no" { (letter) } " of the chart. "
                a href=(asker.with(&[("add", ""), ("q", "")])) data-key="add" { "Back to the chart" }
            }
        }
        (search_box(asker))
        @if reply.rows.is_empty() { (nothing(asker)) } @else { (table(asker, &reply, &zone, added)) }
        footer {
            (render::badge::badge(&reply, &zone))
            (render::provenance::of_view(info, &reply, &zone, asker.view_of_query(&own)))
        }
    };
    Ok(MetricsAnswer {
        before: html.into_string(),
        chart: None,
        after: String::new(),
    })
}

fn search_box(asker: &Asker<'_>) -> Markup {
    html! {
        search.search-box {
            form method="get" {
                input
                    type="search" name="q" value=(asker.view.param("q")) placeholder="A part of the name"
                    aria-label="Find a metric" data-key="q"
                    autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="256" translate="no";
                button { "Find" }
                (render::hidden(&asker.view.without(&["q"])))
            }
        }
    }
}

fn nothing(asker: &Asker<'_>) -> Markup {
    html! {
        div.note {
            @if asker.view.param("q").is_empty() {
                p { "No metrics in this range. A longer one, or fewer filters, may show more." }
            } @else {
                p { "No metric of this range has " strong translate="no" { (asker.view.param("q")) } " in its name." }
                a href=(asker.with(&[("q", "")])) { "Show all metrics" }
            }
        }
    }
}

fn table(asker: &Asker<'_>, reply: &QueryReply, zone: &Zone, added: Option<Letter>) -> Markup {
    let letter = added.unwrap_or(Letter::ALL[0]);
    let (metric_key, type_key) = (letter.param("metric"), letter.param("type"));
    let columns = Columns(reply);
    let number = |row: &[Value], name: &str| columns.value(row, name).and_then(Value::as_f64);
    let found = reply
        .rows
        .first()
        .and_then(|row| number(row, "found"))
        .unwrap_or_default();
    html! {
        div.table.catalogue role="region" tabindex="0" aria-label="Metrics: table" {
            table {
                thead {
                    tr {
                        th scope="col" { "Metric" }
                        th.number scope="col" { "Last value" }
                        th scope="col" { "Unit" }
                        th scope="col" { "Type" }
                        th scope="col" { "Services" }
                        th scope="col" { "Last seen" }
                    }
                }
                tbody translate="no" {
                    @for row in &reply.rows {
                        @let (metric, kind) = (columns.text(row, "metric"), columns.text(row, "type"));
                        @let shown = shown(columns.text(row, "unit"));
                        tr {
                            th scope="row" title=(metric) {
                                a href=(asker.with(&[(metric_key.as_str(), metric), (type_key.as_str(), kind), ("q", ""), ("add", "")])) data-key={ "metric " (metric) " " (kind) } { (metric) }
                            }
                            td.number {
                                @match number(row, "last_value") {
                                    Some(value) => (Unit::parse(shown.unit).full(value * shown.factor)),
                                    None => "–",
                                }
                            }
                            td { (columns.text(row, "unit")) }
                            td { (kind) @if !columns.text(row, "temporality").is_empty() { ", " (columns.text(row, "temporality")) } }
                            td { (services(&columns, row).join(", ")) @if let Some(more) = more_services(&columns, row) { " and " (more) " more" } }
                            td.time { @if let Some(time) = columns.time(row, "last_seen") { (clock(time, zone)) } }
                        }
                    }
                }
            }
        }
        @if found > reply.rows.len() as f64 {
            p.more { "The first " (reply.rows.len()) " of " (count(found)) " metrics. Write a part of the name above to find others." }
        }
    }
}

/// Returns the first services of a metric by name.
pub fn services<'a>(columns: &Columns<'_>, row: &'a [Value]) -> Vec<&'a str> {
    let names = columns.value(row, "services").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns how many services a metric has besides the first.
pub fn more_services(columns: &Columns<'_>, row: &[Value]) -> Option<u64> {
    let all = columns.value(row, "service_count").and_then(Value::as_u64)?;
    let more = all.saturating_sub(services(columns, row).len() as u64);
    (more > 0).then_some(more)
}
