//! The bars over time: how many rows were found, by severity or status.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{QueryReply, Range, Signal, Wanted, Zone};
use lakefront_chart::{clock, count};
use maud::{Markup, html};
use serde_json::Value;

use super::{Columns, Explorer, footer};
use crate::{QueryService, failure::Failure};

/// The layers of a bar from the bottom up, each with the text that searches for its rows.
const SEVERITIES: [(&str, &str); 7] = [
    ("fatal", "level:fatal"),
    ("error", "level:error"),
    ("warn", "level:warn"),
    ("info", "level:info"),
    ("debug", "level:debug"),
    ("trace", "level:trace"),
    ("none", "level:none"),
];
const STATUSES: [(&str, &str); 2] = [("error", "status:error"), ("ok", "-status:error")];

/// The most bars that are drawn. The router returns fewer.
const MOST: usize = 200;

/// A bar: the rows of one step of time.
struct Bar {
    from: Timestamp,
    to: Timestamp,
    counts: Vec<f64>,
}

/// Searches for the counts and renders them.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let request = explorer.request(Wanted::Histogram, explorer.time_range()?, None);
    let found = host.search(request).await?;
    let reply = found.reply;
    let layers: &[(&str, &str)] = match explorer.signal {
        Signal::Logs => &SEVERITIES,
        Signal::Traces => &STATUSES,
    };
    let (Some(range), Some(seconds)) = (reply.range, found.bar_seconds) else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    let bars = bars(&reply, range, i64::from(seconds), layers);
    let total = |bar: &Bar| bar.counts.iter().sum::<f64>();
    let most = bars.iter().map(total).fold(0.0, f64::max);
    let of_layer = |at: usize| bars.iter().map(|bar| bar.counts[at]).sum::<f64>();
    let shown: Vec<usize> = (0..layers.len()).filter(|&at| of_layer(at) > 0.0).collect();
    let parts: Vec<_> = shown
        .iter()
        .map(|&at| format!("{} {}", count(of_layer(at)), layers[at].0))
        .collect();
    Ok(html! {
        @if shown.is_empty() {
            p.note.short { "Nothing in this range." }
        } @else {
            div.steps translate="no" role="group" aria-label={ "Over time: " (parts.join(", ")) } {
                p.most { (count(most)) }
                @for bar in &bars {
                    @let title = title(bar, layers, &zone);
                    // The keyboard has the choice of the range above.
                    a href=(zoomed(explorer, bar)) title=(title) aria-label=(title) tabindex="-1" data-noscroll
                        .partial[reply.as_of.is_some_and(|as_of| bar.to > as_of)] {
                        @for (at, (name, _)) in layers.iter().enumerate().rev() {
                            @if bar.counts[at] > 0.0 {
                                i.(name) style={ "height:" (format!("{:.2}", bar.counts[at] / most * 100.0)) "%" } {}
                            }
                        }
                    }
                }
            }
            p.ends translate="no" { span { (clock(range.from, &zone)) } span { (clock(range.to, &zone)) } }
            ul.legend translate="no" aria-label="Legend" {
                @for &at in &shown {
                    @let (name, text) = layers[at];
                    li { a href=(added(explorer, text)) data-noscroll { i.(name) {} (name) " " b { (count(of_layer(at))) } } }
                }
            }
        }
        (footer(explorer, &reply, &zone, Wanted::Histogram))
    })
}

/// Returns one bar for each step of the range, also where there are no rows.
fn bars(reply: &QueryReply, range: Range, seconds: i64, layers: &[(&str, &str)]) -> Vec<Bar> {
    let columns = Columns(reply);
    let step = SignedDuration::from_secs(seconds.max(1));
    let mut bars: Vec<Bar> = steps(range, step, MOST)
        .into_iter()
        .map(|(from, to)| Bar {
            from,
            to,
            counts: vec![0.0; layers.len()],
        })
        .collect();
    for row in &reply.rows {
        let time = columns.time(row, "time");
        let bar = bars.iter_mut().find(|bar| Some(bar.from) == time);
        let layer = layers
            .iter()
            .position(|(name, _)| *name == columns.text(row, "series"));
        if let (Some(bar), Some(layer)) = (bar, layer) {
            bar.counts[layer] += columns
                .value(row, "rows")
                .and_then(Value::as_f64)
                .unwrap_or_default();
        }
    }
    bars
}

/// Returns the begin and the end of each step of a range, at most `most`.
pub(super) fn steps(range: Range, step: SignedDuration, most: usize) -> Vec<(Timestamp, Timestamp)> {
    let seconds = step.as_secs();
    let first = range.from.as_second().div_euclid(seconds) * seconds;
    let mut steps = Vec::new();
    let mut from = Timestamp::from_second(first).unwrap_or(range.from);
    while from < range.to && steps.len() < most {
        let to = from.checked_add(step).unwrap_or(range.to);
        steps.push((from, to));
        from = to;
    }
    steps
}

fn title(bar: &Bar, layers: &[(&str, &str)], zone: &Zone) -> String {
    let counts = layers.iter().zip(&bar.counts).filter(|(_, rows)| **rows > 0.0);
    let counts: Vec<_> = counts
        .map(|((name, _), rows)| format!("{} {name}", count(*rows)))
        .collect();
    let counts = if counts.is_empty() {
        "none".into()
    } else {
        counts.join(", ")
    };
    format!("{}: {counts}", clock(bar.from, zone))
}

/// Returns the link to this page with the range of a bar.
fn zoomed(explorer: &Explorer, bar: &Bar) -> String {
    let range = range_params(bar.from, bar.to);
    let range = range.each_ref().map(|(name, value)| (*name, value.as_str()));
    explorer.with(&[&range[..], &[("before", ""), ("line", "")]].concat())
}

/// Returns the parameters of an address with a range.
pub(super) fn range_params(from: Timestamp, to: Timestamp) -> [(&'static str, String); 3] {
    let text = |time| clock(time, &Zone::utc()).replace(' ', "T") + "Z";
    [("from", text(from)), ("to", text(to)), ("range", String::new())]
}

/// Returns the link to this page with one more condition.
fn added(explorer: &Explorer, term: &str) -> String {
    explorer.search_for(&explorer.and(explorer.view.param("q"), term))
}

/// Returns a search with one more condition.
pub(super) fn and(text: &str, term: &str) -> String {
    match text.trim() {
        "" => term.to_owned(),
        text if text.split_whitespace().any(|word| word == term) => text.to_owned(),
        text if text.contains(" OR ") => format!("({text}) {term}"),
        text => format!("{text} {term}"),
    }
}

#[cfg(test)]
mod tests {
    use lakefront_api::instant;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_step_of_the_range_has_a_bar() {
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [
                {"name": "time", "type": "DateTime"}, {"name": "series", "type": "String"}, {"name": "rows", "type": "UInt64"}
            ],
            "rows": [["2026-03-24T12:00:00Z", "error", 2], ["2026-03-24T12:02:00Z", "info", 5]],
            "truncated": false, "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": {"rowsRead": 0, "bytesRead": 0}
        }))
        .unwrap();
        let range = Range {
            from: instant::time("2026-03-24T12:00:30Z").unwrap(),
            to: instant::time("2026-03-24T12:03:00Z").unwrap(),
        };
        let bars = bars(&reply, range, 60, &SEVERITIES);
        let counts: Vec<f64> = bars.iter().map(|bar| bar.counts.iter().sum()).collect();
        assert_eq!(counts, [2.0, 0.0, 5.0]);
    }
}
