//! Writes rows as comma-separated values, as in RFC 4180.

use lakefront_api::QueryReply;
use serde_json::Value;

/// The byte order mark. Without it, spreadsheets read UTF-8 in the encoding of their system.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns a reply as lines. The first line has the names of the columns. If the reply was cut, the last line says so.
///
/// Text that a spreadsheet would run as a formula gets an apostrophe before it, because strangers write the messages.
pub fn csv(reply: &QueryReply) -> String {
    let mut out = String::from(BYTE_ORDER_MARK);
    line(&mut out, reply.columns.iter().map(|column| column.name.clone()));
    for row in &reply.rows {
        line(&mut out, row.iter().map(cell));
    }
    if reply.truncated {
        let said = format!(
            "(cut after {} rows, which is the limit, choose a shorter range or a filter)",
            reply.rows.len()
        );
        line(&mut out, std::iter::once(said));
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text),
        other => other.to_string(),
    }
}

/// Puts an apostrophe before each character that begins a formula at a place where a cell may begin. A spreadsheet may
/// split at other characters than commas, and drops blanks and quotes.
fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for letter in text.chars() {
        match letter {
            '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' if begins => {
                out.push('\'');
                begins = false;
            }
            ';' | ',' | '|' | '\n' | '\r' | '\t' => begins = true,
            '"' => {}
            letter if letter.is_whitespace() || letter.is_control() || letter == BYTE_ORDER_MARK => {}
            _ => begins = false,
        }
        out.push(letter);
    }
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', ';', '\t', '\n', '\r']) {
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

    fn reply(rows: Value, truncated: bool) -> QueryReply {
        serde_json::from_value(json!({
            "columns": [{ "name": "message", "type": "String" }, { "name": "errors", "type": "UInt64" }],
            "rows": rows, "truncated": truncated,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap()
    }

    #[test]
    fn cells_keep_their_commas_and_lose_their_formulas() {
        let reply = reply(
            json!([["a \"b\", c\nd", 12], ["=1+1", -3], [null, [1, 2]]]),
            false,
        );
        assert_eq!(
            csv(&reply),
            "\u{feff}message,errors\r\n\"a \"\"b\"\", c\nd\",12\r\n'=1+1,-3\r\n,\"[1,2]\"\r\n"
        );
    }

    #[test]
    fn formulas_are_guarded_wherever_a_cell_may_begin() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("x;=1+1;+2", "x;'=1+1;'+2"),
            ("\n=1", "\n'=1"),
            ("a\r\n\t-1", "a\r\n\t'-1"),
            (" =1", " '=1"),
            ("\u{a0}\u{feff}=1", "\u{a0}\u{feff}'=1"),
            ("＝1+1", "'＝1+1"),
            ("\"=1\"", "\"'=1\""),
            ("a,\"@b", "a,\"'@b"),
            ("a|=b", "a|'=b"),
            ("a = b - c; d", "a = b - c; d"),
            ("2026-03-24T10:00:00Z", "2026-03-24T10:00:00Z"),
        ] {
            assert_eq!(guarded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cut_is_said_in_the_last_line() {
        let csv = csv(&reply(json!([["a", 1]]), true));
        let last = csv.lines().last().unwrap();
        assert_eq!(
            last,
            "\"(cut after 1 rows, which is the limit, choose a shorter range or a filter)\""
        );
    }
}
