//! The patterns of the log lines that were found: their texts without numbers and ids, with the number of lines.

use lakefront_api::Wanted;
use lakefront_chart::count;
use lakefront_search::{Named, severity};
use maud::{Markup, html};
use serde_json::Value;

use super::{Columns, Explorer, footer, rows::nothing, short_time};
use crate::{QueryService, failure::Failure};

/// The character that stands for a number or an id.
const GAP: char = '*';

/// Searches for the patterns and renders them.
pub async fn html(explorer: &Explorer, host: &QueryService) -> Result<Markup, Failure> {
    let request = explorer.request(Wanted::Patterns, explorer.time_range()?, None);
    let limit = request.limit as usize;
    let reply = host.search(request).await?.reply;
    let Some(range) = reply.range else {
        return Ok(html! {});
    };
    let zone = explorer.zone(range)?;
    let columns = Columns(&reply);
    let most = number(&columns, reply.rows.first(), "lines");
    Ok(html! {
        @if reply.rows.is_empty() {
            (nothing(explorer, false))
        } @else {
            ol.lines.patterns translate="no" {
                @for row in &reply.rows {
                    @let lines = number(&columns, Some(row), "lines");
                    @let level = severity(number(&columns, Some(row), "severity") as i64);
                    @let services = number(&columns, Some(row), "services");
                    li.(level) {
                        a href=(explorer.search_for(&lines_of(explorer, &columns, row))) {
                            span.took { (count(lines)) }
                            span.track { i style={ "width:" (format!("{:.2}", lines / most * 100.0)) "%" } {} }
                            span.level { (level) }
                            span.service { (columns.text(row, "service")) @if services > 1.0 { " +" (count(services - 1.0)) } }
                            span.body { (columns.text(row, "pattern")) }
                            @if let Some(time) = columns.time(row, "last_seen") {
                                time title="The latest" { (short_time(time, &zone)) }
                            }
                        }
                    }
                }
            }
            @if reply.rows.len() >= limit { p.more { "The " (limit) " most frequent. A narrower search shows others." } }
        }
        (footer(explorer, &reply, &zone, Wanted::Patterns))
    })
}

fn number(columns: &Columns<'_>, row: Option<&Vec<Value>>, name: &str) -> f64 {
    let value = row.and_then(|row| columns.value(row, name));
    value.and_then(Value::as_f64).unwrap_or_default()
}

/// Returns the text of a search for the lines of a pattern: by the longest text between its gaps. A pattern of gaps alone
/// has none, so that the search stays as it is.
fn lines_of(explorer: &Explorer, columns: &Columns<'_>, row: &[Value]) -> String {
    let pattern = columns.text(row, "pattern");
    let event = columns.text(row, "event");
    let text = explorer.view.param("q");
    let narrowed =
        |column: &str, value: &str| explorer.narrowed_text(text, Named::Column(column), value, false);
    if !event.is_empty() && pattern == event {
        return narrowed("EventName", event);
    }
    let column = if columns.value(row, "is_body") == Some(&Value::from(1)) {
        "Body"
    } else {
        "ErrorMessage"
    };
    match phrase(pattern) {
        Some(phrase) => narrowed(column, phrase),
        None => text.to_owned(),
    }
}

/// Returns the longest text between the gaps of a pattern that has a letter.
fn phrase(pattern: &str) -> Option<&str> {
    let parts = pattern.split(GAP).map(str::trim);
    let with_letters = parts.filter(|part| part.chars().any(char::is_alphanumeric));
    with_letters.max_by_key(|part| part.len())
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn a_pattern_is_searched_by_its_longest_text() {
        assert_eq!(
            phrase("card declined for order *: insufficient funds"),
            Some("card declined for order")
        );
        assert_eq!(phrase("worker is alive"), Some("worker is alive"));
        assert_eq!(phrase("* - *"), None);
        assert_eq!(phrase(""), None);
    }
}
