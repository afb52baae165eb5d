//! The list of the rows that were found, the newest first.

use lakefront_api::{Cursor, QueryReply, Range, Signal, TimeRange, Wanted, Zone};
use lakefront_chart::{Unit, clock};
use maud::{Markup, html};
use serde_json::Value;

use super::{Columns, Explorer, footer, severity, short_time};
use crate::{
    QueryService,
    failure::Failure,
    render::table::{LONGEST, cut},
};

/// Searches for a page of rows and renders it.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let time_range = explorer.time_range()?;
    let before = cursor(explorer.view.param("before"), time_range);
    let found = host
        .search(explorer.request(Wanted::Rows, time_range, before))
        .await?;
    let reply = found.reply;
    let Some(range) = reply.range else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    Ok(html! {
        @if reply.rows.is_empty() {
            (nothing(explorer, before.is_some()))
        } @else {
            @match explorer.signal {
                Signal::Logs => (lines(explorer, &reply, &zone)),
                Signal::Traces => (spans(explorer, &reply, &zone)),
            }
        }
        nav.paging aria-label="Paging" {
            @if before.is_some() { a href=(explorer.with(&[("before", ""), ("line", "")])) { "← The newest " (explorer.noun()) } }
            @if let Some(next) = found.next {
                a.button href=(explorer.with(&[("before", &next.to_string()), ("line", "")])) {
                    "Older " (explorer.noun()) " →"
                }
            }
        }
        (footer(&reply, &zone))
    })
}

/// Returns the cursor of an address. One outside of the range belongs to an earlier range and is ignored.
fn cursor(text: &str, range: TimeRange) -> Option<Cursor> {
    let cursor: Cursor = text.parse().ok()?;
    match range {
        TimeRange::Absolute { from, to } => (cursor.time >= from && cursor.time < to).then_some(cursor),
        TimeRange::Preset(_) => Some(cursor),
    }
}

/// Renders the sentence for a search without a row.
pub fn nothing(explorer: &Explorer, has_newer: bool) -> Markup {
    html! {
        div.note {
            @if has_newer {
                p { "There are no older " (explorer.noun()) " in this range." }
            } @else if explorer.view.param("q").is_empty() {
                p { "Nothing in this range. A longer one, or fewer filters, may show more." }
            } @else {
                p { "Nothing in this range fits this search." }
                p { "A word is found as a whole, " code { "time*" } " also finds timeout. The value of a field is compared with its case, " code { "*" } " at either end leaves that end open." }
                a href=(explorer.search_for("")) { "Show all " (explorer.noun()) }
            }
        }
    }
}

/// Returns the cursor of a row, which names it in addresses.
fn place(columns: &Columns<'_>, row: &[Value]) -> Option<Cursor> {
    Some(Cursor {
        time: columns.time(row, "time")?,
        row_id: match columns.value(row, "row_id")? {
            Value::String(text) => text.parse().ok()?,
            number => number.as_i64()?,
        },
    })
}

fn lines(explorer: &Explorer, reply: &QueryReply, zone: &Zone) -> Markup {
    let columns = Columns(reply);
    html! {
        ol.lines translate="no" {
            @for row in &reply.rows {
                @if let Some(place) = place(&columns, row) {
                    @let level = severity(columns.value(row, "severity").and_then(Value::as_i64).unwrap_or_default());
                    @let event = columns.text(row, "event");
                    li.(level) {
                        a href=(explorer.with(&[("line", &place.to_string())])) data-noscroll {
                            time title=(exact(place, zone)) { (short_time(place.time, zone)) }
                            span.level { (level) }
                            span.service { (columns.text(row, "service")) }
                            span.body {
                                @if !event.is_empty() { b { (cut(event, LONGEST)) } " " }
                                (cut(columns.text(row, "body"), LONGEST))
                                @if !event.is_empty() && columns.text(row, "body").is_empty() { (columns.text(row, "page")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn spans(explorer: &Explorer, reply: &QueryReply, zone: &Zone) -> Markup {
    let columns = Columns(reply);
    let millis = |row: &[Value]| {
        columns
            .value(row, "duration_ms")
            .and_then(Value::as_f64)
            .unwrap_or_default()
    };
    let longest = reply
        .rows
        .iter()
        .map(|row| millis(row))
        .fold(f64::MIN_POSITIVE, f64::max);
    html! {
        ol.lines.spans translate="no" {
            @for row in &reply.rows {
                @if let Some(place) = place(&columns, row) {
                    @let failed = columns.text(row, "status") == "Error";
                    li.(if failed { "error" } else { "info" }) {
                        a href=(explorer.with(&[("line", &place.to_string())])) data-noscroll {
                            time title=(exact(place, zone)) { (short_time(place.time, zone)) }
                            span.level { (if failed { "error" } else { "ok" }) }
                            span.service { (columns.text(row, "service")) }
                            span.body {
                                b { (cut(columns.text(row, "name"), LONGEST)) }
                                @if let Some(status) = columns.value(row, "http_status").and_then(Value::as_i64) { " " (status) }
                                " " (cut(columns.text(row, "message"), LONGEST))
                            }
                            span.took { (Unit::Millis.full(millis(row))) }
                            span.track { i style={ "width:" (format!("{:.2}", millis(row) / longest * 100.0)) "%" } {} }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the time of a row to the microsecond.
fn exact(place: Cursor, zone: &Zone) -> String {
    format!(
        "{}.{:06}",
        clock(place.time, zone),
        place.time.subsec_microsecond()
    )
}

/// Returns the range around an instant.
pub fn around(time: jiff::Timestamp, minutes: i64) -> Option<Range> {
    let by = jiff::SignedDuration::from_mins(minutes);
    Some(Range {
        from: time.checked_sub(by).ok()?,
        to: time.checked_add(by).ok()?,
    })
}
