//! The list of the rows that were found, the newest first.

use lakefront_api::{Cursor, QueryReply, Range, Signal, TimeRange, Wanted, Zone};
use lakefront_chart::{Unit, clock};
use lakefront_search::severity;
use maud::{Markup, html};
use serde_json::Value;

use super::{COLUMNS, Columns, Explorer, footer, live, short_time};
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
        (live::html(explorer))
        @if reply.rows.is_empty() {
            (nothing(explorer, before.is_some()))
        } @else {
            @let names = explorer.columns().names();
            div.columns style=[(!names.is_empty()).then(|| format!("--count:{}", names.len()))] {
                (heads(explorer, &names))
                @match explorer.signal {
                    Signal::Logs => (lines(explorer, &reply, &zone, &names)),
                    Signal::Traces => (spans(explorer, &reply, &zone, &names)),
                }
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
        (footer(explorer, &reply, &zone, Wanted::Rows))
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

/// Returns true if the page shows rows before one of them.
pub fn cursor_is_set(explorer: &Explorer) -> bool {
    !explorer.view.param("before").is_empty()
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

/// Renders the names of the columns that the viewer chose, above their values.
fn heads(explorer: &Explorer, names: &[String]) -> Markup {
    let link = |at: usize| {
        let mut left = names.to_vec();
        left.remove(at);
        explorer.with(&[(COLUMNS, &left.join(","))])
    };
    let class = match explorer.signal {
        Signal::Logs => "heads",
        Signal::Traces => "heads spans",
    };
    html! {
        @if !names.is_empty() {
            div class=(class) translate="no" {
                @for (at, name) in names.iter().enumerate() {
                    span {
                        (name)
                        a href=(link(at)) data-noscroll title={ "Take the column out: " (name) } aria-label={ "Take the column out: " (name) } { "×" }
                    }
                }
            }
        }
    }
}

/// Renders the values of the columns that the viewer chose.
fn chosen(names: &[String], columns: &Columns<'_>, row: &[Value]) -> Markup {
    let values = columns.value(row, "columns").and_then(Value::as_array);
    html! {
        @for (at, name) in names.iter().enumerate() {
            @let value = values.and_then(|values| values.get(at)?.as_str()).unwrap_or_default();
            span.chosen data-name=(name) title=[(!value.is_empty()).then_some(value)] { (cut(value, LONGEST)) }
        }
    }
}

fn lines(explorer: &Explorer, reply: &QueryReply, zone: &Zone, names: &[String]) -> Markup {
    let columns = Columns(reply);
    html! {
        ol.lines translate="no" {
            @for row in &reply.rows {
                @if let Some(place) = place(&columns, row) {
                    (Line {
                        link: Link::new(explorer, place, zone),
                        level: severity(columns.value(row, "severity").and_then(Value::as_i64).unwrap_or_default()),
                        service: columns.text(row, "service"),
                        event: columns.text(row, "event"),
                        body: columns.text(row, "body"),
                        page: columns.text(row, "page"),
                        chosen: chosen(names, &columns, row),
                    }.html())
                }
            }
        }
    }
}

/// The link of a row to its detail, and its time.
#[derive(Default)]
struct Link {
    href: String,
    exact: String,
    time: String,
}

impl Link {
    fn new(explorer: &Explorer, place: Cursor, zone: &Zone) -> Self {
        Self {
            href: explorer.with(&[("line", &place.to_string())]),
            exact: exact(place, zone),
            time: short_time(place.time, zone),
        }
    }
}

/// A row of the list of log records.
#[derive(Default)]
struct Line<'a> {
    link: Link,
    level: &'a str,
    service: &'a str,
    event: &'a str,
    body: &'a str,
    page: &'a str,
    chosen: Markup,
}

impl Line<'_> {
    fn html(&self) -> Markup {
        html! {
            li.(self.level) {
                a href=(self.link.href) data-noscroll {
                    time title=(self.link.exact) { (self.link.time) }
                    span.level { (self.level) }
                    span.service { (self.service) }
                    (self.chosen)
                    span.body {
                        @if !self.event.is_empty() { b { (cut(self.event, LONGEST)) } " " }
                        (cut(self.body, LONGEST))
                        @if !self.event.is_empty() && self.body.is_empty() { (self.page) }
                    }
                }
            }
        }
    }
}

fn spans(explorer: &Explorer, reply: &QueryReply, zone: &Zone, names: &[String]) -> Markup {
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
                    (Span {
                        link: Link::new(explorer, place, zone),
                        failed: columns.text(row, "status") == "Error",
                        service: columns.text(row, "service"),
                        name: columns.text(row, "name"),
                        status: columns.value(row, "http_status").and_then(Value::as_i64),
                        message: columns.text(row, "message"),
                        millis: millis(row),
                        share: millis(row) / longest,
                        chosen: chosen(names, &columns, row),
                    }.html())
                }
            }
        }
    }
}

/// A row of the list of spans.
#[derive(Default)]
struct Span<'a> {
    link: Link,
    failed: bool,
    service: &'a str,
    name: &'a str,
    status: Option<i64>,
    message: &'a str,
    millis: f64,
    /// The duration as a share of the longest one of the list.
    share: f64,
    chosen: Markup,
}

impl Span<'_> {
    fn html(&self) -> Markup {
        html! {
            li.(if self.failed { "error" } else { "info" }) {
                a href=(self.link.href) data-noscroll {
                    time title=(self.link.exact) { (self.link.time) }
                    span.level { (if self.failed { "error" } else { "ok" }) }
                    span.service { (self.service) }
                    (self.chosen)
                    span.body {
                        b { (cut(self.name, LONGEST)) }
                        @if let Some(status) = self.status { " " (status) }
                        " " (cut(self.message, LONGEST))
                    }
                    span.took { (Unit::Millis.full(self.millis)) }
                    span.track { i style={ "width:" (format!("{:.2}", self.share * 100.0)) "%" } {} }
                }
            }
        }
    }
}

/// Renders a row without values, which the browser fills with those of live rows. Its link has the line `0_0`.
pub fn blank(explorer: &Explorer) -> Markup {
    let link = Link {
        href: explorer.with(&[("line", "0_0")]),
        ..Link::default()
    };
    // A live row has the values of chosen columns once the search finds it.
    let names = explorer.columns().names();
    let chosen = html! { @for name in &names { span.chosen data-name=(name) {} } };
    match explorer.signal {
        Signal::Logs => Line {
            link,
            chosen,
            ..Line::default()
        }
        .html(),
        Signal::Traces => Span {
            link,
            chosen,
            ..Span::default()
        }
        .html(),
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
