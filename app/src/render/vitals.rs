//! The table of web vitals.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{ranked, words};
use maud::{Markup, html};

use super::{
    figure::folded_table,
    table::{LONGEST, cut, first_rows, shows_all},
};
use crate::{
    render_context::RenderContext,
    vital::{VITALS, Vital},
};

/// A page or a kind of device: its name, the number of its values, and the percentiles of each vital.
struct Row {
    name: String,
    samples: f64,
    values: [Option<(f64, Option<f64>)>; VITALS.len()],
}

/// Renders two percentiles of each vital and Google's rating of the first. The name with the most values comes first.
pub fn vitals(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let rows = rows(info, reply);
    let order = ranked(rows.iter().map(|row| row.samples));
    let target = context.link_target(&info.chart.x);
    let names: Vec<_> = info.chart.y.iter().map(|name| words(name)).collect();
    let line = |at: usize| {
        let row = &rows[at];
        let name = cut(&row.name, LONGEST);
        html! {
            tr {
                th scope="row" title=(name) {
                    @match target.as_ref().and_then(|target| target.href(&row.name)) {
                        Some(href) => a href=(href) data-noscroll { (name) },
                        None => (if name.is_empty() { "(none)" } else { &name }),
                    }
                }
                @for (vital, value) in VITALS.iter().zip(&row.values) { (cell(vital, *value, &names)) }
            }
        }
    };
    let (lines, more) = first_rows(order.into_iter().map(line), rows.len(), shows_all(context));
    html! {
        div.table.vitals role="region" tabindex="0" aria-label={ (info.title) ": table" } {
            table {
                thead {
                    tr {
                        th scope="col" { (words(&info.chart.x)) }
                        @for vital in VITALS {
                            th scope="col" { (vital.name.to_ascii_uppercase()) br; small { "good ≤ " (vital.unit.full(vital.good)) } }
                        }
                    }
                }
                tbody translate="no" { (lines) }
            }
        }
        (more)
        (folded_table(info, reply, zone, context))
    }
}

fn cell(vital: &Vital, value: Option<(f64, Option<f64>)>, names: &[String]) -> Markup {
    let name = |at: usize| names.get(at).map_or("", String::as_str);
    html! {
        td {
            @match value {
                None => "–",
                Some((first, second)) => {
                    @let rating = vital.rate(first);
                    b title=(name(0)) { (vital.unit.full(first)) }
                    " " span.rating.(rating.class()) { (rating.words()) }
                    @if let Some(second) = second { small { (name(1)) " " (vital.unit.full(second)) } }
                }
            }
        }
    }
}

fn rows(info: &QueryInfo, reply: &QueryReply) -> Vec<Row> {
    let column = |name: &str| reply.columns.iter().position(|column| column.name == name);
    let measure = |at: usize| info.chart.y.get(at).and_then(|name| column(name));
    let (Some(x), Some(kind), Some(first)) = (
        column(&info.chart.x),
        info.chart.series.first().and_then(|name| column(name)),
        measure(0),
    ) else {
        return Vec::new();
    };
    let (second, samples) = (measure(1), column("samples"));
    let mut rows: Vec<Row> = Vec::new();
    for cells in &reply.rows {
        let number = |at: Option<usize>| cells.get(at?)?.as_f64();
        let text = |at: usize| cells.get(at).and_then(|cell| cell.as_str()).unwrap_or_default();
        let Some(vital) = VITALS.iter().position(|vital| vital.name == text(kind)) else {
            continue;
        };
        let at = rows
            .iter()
            .position(|row| row.name == text(x))
            .unwrap_or_else(|| {
                rows.push(Row {
                    name: text(x).to_owned(),
                    samples: 0.0,
                    values: [None; VITALS.len()],
                });
                rows.len() - 1
            });
        rows[at].samples += number(samples).unwrap_or_default();
        rows[at].values[vital] = number(Some(first)).map(|value| (value, number(second)));
    }
    rows
}
