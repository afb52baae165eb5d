//! Truncation of a result between two rows, in formats that write one row per line.

/// Returns the start of a result in at most `most` bytes, and the number of its rows. Returns `None` if rows of the
/// format can't be separated, or if not one row fits.
pub fn rows(result: &[u8], format: &str, most: usize) -> Option<(Vec<u8>, u64)> {
    match format {
        "JSONCompact" => document(result, most),
        // Line breaks within values are escaped.
        "JSONEachRow"
        | "JSONStringsEachRow"
        | "JSONCompactEachRow"
        | "JSONCompactStringsEachRow"
        | "TabSeparated"
        | "TSKV" => lines(result, most),
        _ => None,
    }
}

fn lines(result: &[u8], most: usize) -> Option<(Vec<u8>, u64)> {
    let end = result.get(..most)?.iter().rposition(|byte| *byte == b'\n')? + 1;
    let kept = result.get(..end)?;
    Some((kept.to_vec(), count(kept, b'\n')))
}

const BEGIN: &[u8] = b"\n\t\"data\":\n\t[\n";
const END: &[u8] = b"\n\t],\n";
const ROWS: &[u8] = b"\n\t\"rows\": ";

/// Cuts a JSON document of the engine. It has one row per line between `"data"` and `"rows"`, the number of rows.
fn document(result: &[u8], most: usize) -> Option<(Vec<u8>, u64)> {
    let begin = find(result, BEGIN)? + BEGIN.len();
    let (head, data) = result.split_at_checked(begin)?;
    let (data, tail) = data.split_at_checked(find(data, END)?)?;
    let number = find(tail, ROWS)? + ROWS.len();
    let (before, tail) = tail.split_at_checked(number)?;
    let after = tail.get(tail.iter().position(|byte| !byte.is_ascii_digit())?..)?;
    let room = most.checked_sub(head.len() + before.len() + tail.len())?;
    // Every line but the last ends in a comma, so the last kept line loses its comma.
    let end = data
        .get(..room.min(data.len()))?
        .windows(2)
        .rposition(|end| end == b",\n")?;
    let kept = data.get(..end)?;
    let rows = count(kept, b'\n') + 1;
    let cut = [head, kept, before, rows.to_string().as_bytes(), after].concat();
    Some((cut, rows))
}

fn count(text: &[u8], byte: u8) -> u64 {
    text.iter().filter(|other| **other == byte).count() as u64
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::rows;

    const DOCUMENT: &str = "{\n\t\"meta\":\n\t[\n\t\t{\n\t\t\t\"name\": \"a\",\n\t\t\t\"type\": \"String\"\n\t\t}\n\t],\n\n\
                            \t\"data\":\n\t[\n\t\t[\"a,\\n\"],\n\t\t[\"b\"],\n\t\t[\"c\"]\n\t],\n\n\t\"rows\": 3,\n\n\
                            \t\"statistics\":\n\t{\n\t\t\"elapsed\": 0.1\n\t}\n}\n";

    #[test]
    fn a_document_stays_one() {
        let mut seen = Vec::new();
        for most in 0..DOCUMENT.len() {
            let Some((cut, rows)) = rows(DOCUMENT.as_bytes(), "JSONCompact", most) else {
                continue;
            };
            assert!(cut.len() <= most, "{most}");
            let read: serde_json::Value = serde_json::from_slice(&cut).expect("JSON");
            let data = read["data"].as_array().expect("rows");
            assert_eq!(
                (data.len() as u64, read["rows"].as_u64()),
                (rows, Some(rows)),
                "{most}"
            );
            assert_eq!(data[0][0], "a,\n");
            seen.push(rows);
        }
        seen.dedup();
        assert_eq!(seen, [1, 2]);
    }

    #[test]
    fn lines() {
        let cut = |most| rows(b"{\"a\":1}\n{\"a\":22}\n", "JSONEachRow", most);
        assert_eq!(cut(16), Some((b"{\"a\":1}\n".to_vec(), 1)));
        assert_eq!(cut(8), Some((b"{\"a\":1}\n".to_vec(), 1)));
        assert_eq!(cut(7), None, "not one row fits");
        assert_eq!(rows(b"\"a\nb\"\n1\n", "CSV", 6), None);
    }
}
