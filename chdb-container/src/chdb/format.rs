//! The input and output formats that are served, and their lookup by name.

use chdb_rust::format::{InputFormat, OutputFormat};
use lakefront_clickhouse_http::{Exception, code};

/// The output formats that are served. None of them reads or writes a schema file.
const FORMATS: &[OutputFormat] = {
    use OutputFormat::*;
    &[
        TabSeparated,
        TabSeparatedRaw,
        TabSeparatedWithNames,
        TabSeparatedWithNamesAndTypes,
        TabSeparatedRawWithNames,
        TabSeparatedRawWithNamesAndTypes,
        CSV,
        CSVWithNames,
        CSVWithNamesAndTypes,
        Values,
        JSON,
        JSONStrings,
        JSONColumns,
        JSONColumnsWithMetadata,
        JSONCompact,
        JSONCompactStrings,
        JSONCompactColumns,
        JSONEachRow,
        PrettyJSONEachRow,
        JSONEachRowWithProgress,
        JSONStringsEachRow,
        JSONStringsEachRowWithProgress,
        JSONCompactEachRow,
        JSONCompactEachRowWithNames,
        JSONCompactEachRowWithNamesAndTypes,
        JSONCompactStringsEachRow,
        JSONCompactStringsEachRowWithNames,
        JSONCompactStringsEachRowWithNamesAndTypes,
        JSONObjectEachRow,
        BSONEachRow,
        TSKV,
        Pretty,
        PrettyNoEscapes,
        PrettyMonoBlock,
        PrettyNoEscapesMonoBlock,
        PrettyCompact,
        PrettyCompactNoEscapes,
        PrettyCompactMonoBlock,
        PrettyCompactNoEscapesMonoBlock,
        PrettySpace,
        PrettySpaceNoEscapes,
        PrettySpaceMonoBlock,
        PrettySpaceNoEscapesMonoBlock,
        Prometheus,
        Avro,
        Parquet,
        Arrow,
        ArrowStream,
        ORC,
        Npy,
        RowBinary,
        RowBinaryWithNames,
        RowBinaryWithNamesAndTypes,
        Native,
        Null,
        XML,
        RawBLOB,
        MsgPack,
        Markdown,
        Vertical,
    ]
};

/// The input formats that are taken. None of them reads a schema, a template or a registry.
const INPUT: &[InputFormat] = {
    use InputFormat::*;
    &[
        TabSeparated,
        TabSeparatedRaw,
        TabSeparatedWithNames,
        TabSeparatedWithNamesAndTypes,
        TabSeparatedRawWithNames,
        TabSeparatedRawWithNamesAndTypes,
        CSV,
        CSVWithNames,
        CSVWithNamesAndTypes,
        Values,
        JSON,
        JSONAsString,
        JSONAsObject,
        JSONStrings,
        JSONColumns,
        JSONColumnsWithMetadata,
        JSONCompact,
        JSONCompactColumns,
        JSONEachRow,
        JSONStringsEachRow,
        JSONCompactEachRow,
        JSONCompactEachRowWithNames,
        JSONCompactEachRowWithNamesAndTypes,
        JSONCompactStringsEachRow,
        JSONCompactStringsEachRowWithNames,
        JSONCompactStringsEachRowWithNamesAndTypes,
        JSONObjectEachRow,
        BSONEachRow,
        TSKV,
        Avro,
        Parquet,
        Arrow,
        ArrowStream,
        ORC,
        Npy,
        RowBinary,
        RowBinaryWithNames,
        RowBinaryWithNamesAndTypes,
        RowBinaryWithDefaults,
        Native,
        LineAsString,
        RawBLOB,
        MsgPack,
    ]
};

/// Returns the output format with a name or short name (`TSV`), in any case.
pub fn find(name: &str) -> Option<OutputFormat> {
    let name = full(name);
    FORMATS
        .iter()
        .copied()
        .find(|format| format.as_str().eq_ignore_ascii_case(&name))
}

/// Returns the input format with a name or short name, in any case.
pub fn find_input(name: &str) -> Option<InputFormat> {
    let name = full(name);
    INPUT
        .iter()
        .copied()
        .find(|format| format.as_str().eq_ignore_ascii_case(&name))
}

/// Returns the output format with a name.
///
/// # Errors
/// `UNKNOWN_FORMAT` for a format that is not served, even if the engine has it.
pub fn output(name: &str) -> Result<OutputFormat, Exception> {
    find(name).ok_or_else(|| unknown("output", name))
}

/// Returns the input format with a name.
///
/// # Errors
/// `UNKNOWN_FORMAT` for a format that is not taken, even if the engine has it.
pub fn input(name: &str) -> Result<InputFormat, Exception> {
    find_input(name).ok_or_else(|| unknown("input", name))
}

fn unknown(kind: &str, name: &str) -> Exception {
    let message = format!(
        "Unknown {kind} format {name}: use for example JSON, JSONEachRow, CSVWithNames, TabSeparated, RowBinary, Native, Parquet or \
         ArrowStream; formats with a schema of their own (Protobuf, Template) are not served"
    );
    Exception::of(code::UNKNOWN_FORMAT, message)
}

/// Expands a short name of a format: `TSV…`, `NDJSON`, `JSONLines`.
fn full(name: &str) -> String {
    match name.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("TSV") => format!("TabSeparated{}", &name[3..]),
        // NDJSON and JSON Lines are other names of JSONEachRow.
        _ if name.eq_ignore_ascii_case("NDJSON") || name.eq_ignore_ascii_case("JSONLines") => {
            "JSONEachRow".into()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{find, find_input};

    #[test]
    fn names() {
        for (name, format) in [
            ("JSONCompact", Some("JSONCompact")),
            ("jsoneachrow", Some("JSONEachRow")),
            ("TSVWithNames", Some("TabSeparatedWithNames")),
            ("tsv", Some("TabSeparated")),
            ("Protobuf", None),
            ("", None),
            ("ééé", None),
        ] {
            assert_eq!(find(name).map(|format| format.as_str()), format, "{name}");
            assert_eq!(find_input(name).map(|format| format.as_str()), format, "{name}");
        }
    }
}
