//! The heat map of spans by time and duration. A cell or a band leads to what its spans have in common.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lakefront_api::Wanted;
use lakefront_chart::{Unit, clock, count};
use maud::{Markup, html};

use super::{Columns, Explorer, footer, histogram, rows::nothing};
use crate::{QueryService, failure::Failure};

/// The most columns that are drawn. The router returns fewer.
const MOST: usize = 100;

/// The spans of a step of time and a band of durations.
#[derive(Default, Clone, Copy)]
struct Cell {
    spans: f64,
    failed: f64,
}

/// Searches for the durations and renders them.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let request = explorer.request(Wanted::Durations, explorer.time_range()?, None);
    let found = host.search(request).await?;
    let reply = found.reply;
    let (Some(range), Some(seconds)) = (reply.range, found.bar_seconds) else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    let columns = Columns(&reply);
    let mut cells: BTreeMap<(u64, Timestamp), Cell> = BTreeMap::new();
    for row in &reply.rows {
        let band = columns.number(row, "band_us").unwrap_or_default() as u64;
        let number = |name: &str| columns.number(row, name).unwrap_or_default();
        if let Some(time) = columns.time(row, "time") {
            let cell = Cell {
                spans: number("rows"),
                failed: number("failed"),
            };
            cells.insert((band, time), cell);
        }
    }
    let bands: BTreeSet<u64> = cells.keys().map(|(band, _)| *band).collect();
    let step = SignedDuration::from_secs(seconds.into());
    let steps = histogram::steps(range, step, MOST);
    let most = cells.values().map(|cell| cell.spans).fold(0.0, f64::max);
    Ok(html! {
        @if cells.is_empty() {
            (nothing(explorer, false))
        } @else {
            p.note.short { "Choose a cell, or a duration for it and above: the page then shows what these spans have in common that others have not." }
            div.durations role="region" tabindex="0" aria-label="Spans by time and duration" {
                table translate="no" {
                    tbody {
                        @for &band in bands.iter().rev() {
                            tr {
                                th scope="row" { a href=(selected(explorer, band, None, None)) data-noscroll { "≥ " (millis(band)) } }
                                @for &(from, to) in &steps {
                                    @match cells.get(&(band, from)) {
                                        Some(cell) => {
                                            @let title = format!("{}: {}", clock(from, &zone), words(*cell, band));
                                            td {
                                                a.failed[cell.failed > 0.0] href=(selected(explorer, band, Some(upper(band)), Some((from, to)))) tabindex="-1" data-noscroll
                                                    title=(title) aria-label=(title) style={ "--share:" (format!("{:.2}", (cell.spans / most).sqrt())) } {}
                                            }
                                        }
                                        None => td {},
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.ends translate="no" { span { (clock(range.from, &zone)) } span { (clock(range.to, &zone)) } }
        }
        (footer(explorer, &reply, &zone, Wanted::Durations))
    })
}

/// Returns the first duration above a band, in microseconds. Bands begin at 1, 2 and 5 of each power of ten.
const fn upper(band: u64) -> u64 {
    let mut power = 100;
    loop {
        if band < power {
            return power;
        } else if band < 2 * power {
            return 2 * power;
        } else if band < 5 * power {
            return 5 * power;
        }
        power *= 10;
    }
}

fn millis(micros: u64) -> String {
    Unit::Millis.full(micros as f64 / 1e3)
}

fn words(cell: Cell, band: u64) -> String {
    let failed = (cell.failed > 0.0).then(|| format!(", {} failed", count(cell.failed)));
    format!(
        "{} to {}: {} spans{}",
        millis(band),
        millis(upper(band)),
        count(cell.spans),
        failed.unwrap_or_default()
    )
}

/// Returns the link to the fields of the spans from a duration on, up to another one and in a step of time, if they are given.
fn selected(
    explorer: &Explorer,
    from_us: u64,
    to_us: Option<u64>,
    step: Option<(Timestamp, Timestamp)>,
) -> String {
    let above = (from_us > 0).then(|| format!("duration:>={from_us}us"));
    // The highest band has no end.
    let below = to_us
        .filter(|_| from_us < HIGHEST)
        .map(|to| format!("duration:<{to}us"));
    let text = above
        .into_iter()
        .chain(below)
        .fold(explorer.view.param("q").to_owned(), |text, term| {
            explorer.and(&text, &term)
        });
    let mut params = vec![
        ("q", text),
        ("show", "fields".to_owned()),
        ("before", String::new()),
        ("line", String::new()),
    ];
    if let Some((from, to)) = step {
        params.extend(histogram::range_params(from, to));
    }
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    explorer.with(&params)
}

/// The lower end of the highest band, in microseconds.
const HIGHEST: u64 = 100_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_follow_each_other() {
        let mut band = 0;
        let mut bands = vec![band];
        while band < HIGHEST {
            band = upper(band);
            bands.push(band);
        }
        let statement = include_str!("../../../../crates/query/search/traces_durations.sql");
        let listed = statement
            .split_once("        [")
            .and_then(|(_, rest)| rest.split_once(']'))
            .unwrap()
            .0;
        let listed: Vec<u64> = listed
            .split(',')
            .map(|number| number.trim().parse().unwrap())
            .collect();
        assert_eq!(bands, listed, "the statement has the same bands");
    }
}
