//! Rows as comma-separated values, after RFC 4180.

use lakefront_api::QueryReply;
use serde_json::Value;

/// A reply with a line of names before its rows.
///
/// Text that a spreadsheet would take for a formula gets an apostrophe before it: messages come from strangers.
pub fn csv(reply: &QueryReply) -> String {
    let mut out = String::new();
    line(&mut out, reply.columns.iter().map(|column| column.name.clone()));
    for row in &reply.rows {
        line(&mut out, row.iter().map(cell));
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_keep_their_commas_and_lose_their_formulas() {
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [{ "name": "message", "type": "String" }, { "name": "errors", "type": "UInt64" }],
            "rows": [["a \"b\", c\nd", 12], ["=1+1", -3], [null, [1, 2]]], "truncated": false,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert_eq!(
            csv(&reply),
            "message,errors\r\n\"a \"\"b\"\", c\nd\",12\r\n'=1+1,-3\r\n,\"[1,2]\"\r\n"
        );
    }
}
