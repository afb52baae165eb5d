//! Formats by name.

use chdb_rust::format::{InputFormat, OutputFormat};

/// Every output format the engine can be asked for, but those that read a schema from a file.
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

/// Every input format, but those that read a schema or a template from a file.
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

/// The output format of a name or of one of its short forms (`TSV`), in any case.
pub fn find(name: &str) -> Option<OutputFormat> {
    let name = full(name);
    FORMATS
        .iter()
        .copied()
        .find(|format| format.as_str().eq_ignore_ascii_case(&name))
}

/// The input format of a name, likewise.
pub fn find_input(name: &str) -> Option<InputFormat> {
    let name = full(name);
    INPUT
        .iter()
        .copied()
        .find(|format| format.as_str().eq_ignore_ascii_case(&name))
}

fn full(name: &str) -> String {
    match name.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("TSV") => format!("TabSeparated{}", &name[3..]),
        // Another name of one format.
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
