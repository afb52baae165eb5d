//! Reads the cells of a reply as numbers and names.

use lakefront_api::QueryReply;
use serde_json::Value;

/// Returns the index of a column in the rows of a reply.
pub fn index(reply: &QueryReply, column: &str) -> Option<usize> {
    reply.columns.iter().position(|c| c.name == column)
}

/// Returns the indices of several columns, or `None` if one is missing.
pub fn indices(reply: &QueryReply, columns: &[String]) -> Option<Vec<usize>> {
    columns.iter().map(|column| index(reply, column)).collect()
}

/// Returns a cell as a number, or `None` if it is not a finite number.
pub fn number(row: &[Value], index: usize) -> Option<f64> {
    row.get(index)?.as_f64().filter(|value| value.is_finite())
}

/// Returns a cell as text. Null becomes the empty text.
pub fn text(row: &[Value], index: usize) -> String {
    match row.get(index) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    }
}

/// Joins several cells to one name, without the empty ones.
pub fn joined(row: &[Value], indices: &[usize]) -> String {
    let texts: Vec<_> = indices.iter().map(|&index| text(row, index)).collect();
    named(&texts, "")
}

/// The most characters of a name. Senders choose names, and a chart has each of them several times.
const LONGEST: usize = 120;

/// Joins texts to one name. An empty text is replaced by `empty`, or left out if that is empty too. A long name is cut.
pub fn named(texts: &[String], empty: &str) -> String {
    let parts = texts
        .iter()
        .map(|text| if text.is_empty() { empty } else { text });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let name = parts.join(" · ");
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// Returns a column's name for people: `p99_ms` becomes "p99", `first_seen` becomes "first seen".
pub fn words(column: &str) -> String {
    column.strip_suffix("_ms").unwrap_or(column).replace('_', " ")
}
