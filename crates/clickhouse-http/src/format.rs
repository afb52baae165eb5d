//! Media types of output formats.

/// Returns the `Content-Type` that ClickHouse sends for an output format.
pub fn content_type(format: &str) -> &'static str {
    let is = |prefix: &str| {
        format
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if format.eq_ignore_ascii_case("JSONEachRow") || (is("JSON") && format.contains("EachRow")) {
        "application/x-ndjson; charset=UTF-8"
    } else if is("JSON") || is("PrettyJSON") {
        "application/json; charset=UTF-8"
    } else if is("CSV") {
        "text/csv; charset=UTF-8; header=present"
    } else if is("TabSeparated") || is("TSV") || is("TSKV") {
        "text/tab-separated-values; charset=UTF-8"
    } else if is("Parquet") {
        "application/vnd.apache.parquet"
    } else if is("XML") {
        "application/xml; charset=UTF-8"
    } else if is("Markdown") {
        "text/markdown; charset=UTF-8"
    } else if is("Pretty") || is("Values") || is("Vertical") || is("CustomSeparated") || is("LineAsString") {
        "text/plain; charset=UTF-8"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::content_type;

    #[test]
    fn types() {
        for (format, start) in [
            ("JSON", "application/json"),
            ("jsoncompact", "application/json"),
            ("JSONCompactEachRowWithNames", "application/x-ndjson"),
            ("CSVWithNames", "text/csv"),
            ("TSV", "text/tab-separated-values"),
            ("PrettyCompact", "text/plain"),
            ("Parquet", "application/vnd.apache.parquet"),
            ("Native", "application/octet-stream"),
            ("ü", "application/octet-stream"),
        ] {
            assert!(content_type(format).starts_with(start), "{format}");
        }
    }
}
