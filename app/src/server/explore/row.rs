//! The detail of one row: its text, where it leads, and every field with links that filter by it.

use lakefront_api::{Cursor, Language, Page, Signal, TimeRange, Wanted, Zone};
use lakefront_chart::clock;
use lakefront_search::{Named, Search, severity};
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::{COLUMNS, Columns, Explorer, rows::around};
use crate::{QueryService, elapsed::now, failure::Failure, render::badge::badge, view::RangeChoice};

/// The columns that have a place of their own in the detail, or that nobody filters by.
const ELSEWHERE: [&str; 7] = [
    "Timestamp",
    "ObservedTimestamp",
    "Body",
    "RowId",
    "ResourceAttributes",
    "LogAttributes",
    "SpanAttributes",
];
/// The longest value that is shown, in characters.
const LONGEST: usize = 4_000;
/// The seconds after which a row is committed, and in ClickHouse, as long as nothing fails.
const COMMITTED: i64 = 120;
/// The minutes on both sides of a row in the link to the rows around it.
const AROUND: i64 = 5;

/// A field of the row, with the links that filter by it.
struct Field {
    name: String,
    value: String,
    /// The links that keep and that exclude rows with the value, if a search can.
    filters: Option<(String, String)>,
    /// True if the list shows the field as a column, and the link that changes that.
    column: Option<(bool, String)>,
}

/// Reads the row that the address names and renders it.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let Ok(cursor) = explorer.view.param("line").parse::<Cursor>() else {
        return Ok(html! {});
    };
    // The row is found by its place, whatever the text of the page.
    let mut request = explorer.request(Wanted::Row, TimeRange::default(), Some(cursor));
    request.query = String::new();
    request.language = Language::Search;
    let reply = host.search(request).await?.reply;
    let close = explorer.with(&[("line", "")]);
    let Some(row) = reply.rows.first() else {
        let age = now().duration_since(cursor.time).as_secs();
        return Ok(html! {
            div.detail {
                @if age < COMMITTED {
                    (heading("This row is not in the lake yet", &close))
                    // The script of live rows presses this by itself.
                    p { "Ingest commits rows within seconds. " a href="" data-retry data-soon { "Look again" } }
                } @else {
                    (heading("This row is not there any more", &close))
                }
            }
        });
    };
    let columns = Columns(&reply);
    let Some(range) = reply.range else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    let time = format!(
        "{}.{:06}",
        clock(cursor.time, &zone),
        cursor.time.subsec_microsecond()
    );
    let (text, attributes) = match explorer.signal {
        Signal::Logs => (columns.text(row, "Body"), "LogAttributes"),
        Signal::Traces => (columns.text(row, "SpanName"), "SpanAttributes"),
    };
    let level = columns
        .value(row, "SeverityNumber")
        .and_then(Value::as_i64)
        .map(severity);
    let trace_id = columns.text(row, "TraceId");
    let service = columns.text(row, "ServiceName");
    let of_columns = reply.columns.iter().zip(row).filter_map(|(column, value)| {
        let shown = shown(value).filter(|_| !ELSEWHERE.contains(&column.name.as_str()))?;
        let is_known = lakefront_search::columns(explorer.signal).any(|known| known.name == column.name);
        Some(field(
            explorer,
            &column.name,
            shown,
            is_known.then_some(Named::Column(&column.name)),
        ))
    });
    let of_columns: Vec<Field> = of_columns.collect();
    let of_map = |name: &str| -> Vec<Field> {
        let pairs = columns
            .value(row, name)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::iter);
        let fields = pairs.filter_map(|(key, value)| {
            let shown = shown(value)?;
            Some(field(explorer, key, shown, Some(Named::Attribute(key))))
        });
        fields.collect()
    };
    Ok(html! {
        div.detail {
            (heading(&time, &close))
            p.of translate="no" { @if let Some(level) = level { span.level.(level) { (level) } " " } (service) }
            @if !text.is_empty() { pre tabindex="0" translate="no" { (cut(text)) } }
            ul.leads {
                @if !trace_id.is_empty() {
                    li { a href=(explorer.trace(trace_id)) { "Trace" } }
                    li { a href=(lines_of(explorer, trace_id)) { "Log lines of the trace" } }
                }
                @if let Some(href) = lines_around(explorer, cursor, service) { li { a href=(href) { "Log lines around it" } } }
            }
            (table("Attributes", &of_map(attributes)))
            (table("Fields", &of_columns))
            (table("Resource", &of_map("ResourceAttributes")))
            footer { (badge(&reply, &zone)) }
        }
    })
}

fn heading(title: &str, close: &str) -> Markup {
    html! {
        header { h2 { (title) } a.close href=(close) data-noscroll aria-label="Close the detail" title="Close" { "×" } }
    }
}

fn field(explorer: &Explorer, name: &str, value: String, named: Option<Named<'_>>) -> Field {
    let filters = named.map(|named| {
        (
            explorer.narrowed(named, &value, false),
            explorer.narrowed(named, &value, true),
        )
    });
    Field {
        name: name.to_owned(),
        value,
        filters,
        column: named.and_then(|named| column(explorer, named)),
    }
}

/// Returns true if the list shows a field, and the link that adds it to the list or takes it out. `None` if there is no place
/// for it.
fn column(explorer: &Explorer, named: Named<'_>) -> Option<(bool, String)> {
    let (is_shown, fields) = explorer.columns().toggled(named)?;
    let names = fields.names().join(",");
    Some((is_shown, explorer.with(&[(COLUMNS, &names)])))
}

/// Returns a value as text, or `None` if it is empty.
fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => return None,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn cut(text: &str) -> &str {
    text.char_indices()
        .nth(LONGEST)
        .map_or(text, |(at, _)| &text[..at])
}

fn table(title: &str, fields: &[Field]) -> Markup {
    html! {
        @if !fields.is_empty() {
            section {
                h3 { (title) }
                dl.fields translate="no" {
                    @for field in fields {
                        div {
                            dt { (field.name) }
                            dd {
                                (cut(&field.value))
                                @if cut(&field.value).len() < field.value.len() { small { " … the first " (LONGEST) " characters" } }
                            }
                            dd.filter {
                                button type="button" data-copies title={ "Copy the value of " (field.name) } aria-label={ "Copy the value of " (field.name) } { "❐" }
                                @if let Some((is_shown, href)) = &field.column {
                                    @let label = if *is_shown { "Take the column out: " } else { "Show as a column: " };
                                    a.shown[*is_shown] href=(href) data-noscroll title={ (label) (field.name) } aria-label={ (label) (field.name) } { "▥" }
                                }
                                @if let Some((only, without)) = &field.filters {
                                    a href=(only) title={ "Only with this " (field.name) } aria-label={ "Only with this " (field.name) } { "+" }
                                    a href=(without) title={ "Without this " (field.name) } aria-label={ "Without this " (field.name) } { "−" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the link to the log lines of a trace.
fn lines_of(explorer: &Explorer, trace_id: &str) -> String {
    explorer
        .pages
        .search(Page::Logs, &explorer.view, &format!("trace:{trace_id}"))
}

/// Returns the link to the log lines of a service around a time.
fn lines_around(explorer: &Explorer, cursor: Cursor, service: &str) -> Option<String> {
    let range = around(cursor.time, AROUND)?;
    let text = |time| clock(time, &Zone::utc()).replace(' ', "T") + "Z";
    let mut view = explorer.view.clone();
    view.range = RangeChoice::Between {
        from: text(range.from),
        to: text(range.to),
    };
    let query = match service {
        "" => String::new(),
        service => Search::narrowed(Signal::Logs, "", Named::Column("ServiceName"), service, false),
    };
    Some(explorer.pages.search(Page::Logs, &view, &query))
}
