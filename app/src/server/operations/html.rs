//! The HTML that the panels of the Operations page share.

use lakefront_chart::{bytes, count};
use maud::{Markup, html};

/// A column of a table: its heading, and true if its values are numbers.
pub type Column = (&'static str, bool);

/// Renders a problem of a subsystem.
pub fn failure(text: &str) -> Markup {
    html! { p.note.failure role="alert" { (text) } }
}

/// Renders a sentence in place of a table.
pub fn note(text: &str) -> Markup {
    html! { p.note { (text) } }
}

/// Renders a table around its rows.
pub fn table(title: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.table role="region" tabindex="0" aria-label={ (title) ": table" } {
            table {
                thead { tr { @for (name, is_number) in columns { th.number[*is_number] scope="col" { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// Renders cells of numbers.
pub fn numbers(values: &[String]) -> Markup {
    html! { @for value in values { td.number { (value) } } }
}

/// Renders the cell of a state. `class` is the CSS class of its colour.
pub fn state(class: &str, words: &str) -> Markup {
    html! { td { span.state.(class) { (words) } } }
}

/// Formats a count, or its absence.
pub fn number(value: Option<u64>) -> String {
    value.map_or_else(dash, |value| count(value as f64))
}

/// Formats a number of bytes, or its absence.
pub fn size(value: Option<u64>) -> String {
    value.map_or_else(dash, |value| bytes(value as f64))
}

/// Returns the text for a missing value.
pub fn dash() -> String {
    "–".into()
}
