//! Output formats by name.

use chdb_rust::format::OutputFormat;

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

/// The format of a name or of one of its short forms (`TSV`), in any case.
pub fn find(name: &str) -> Option<OutputFormat> {
    let name = match name.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("TSV") => format!("TabSeparated{}", &name[3..]),
        _ => name.to_owned(),
    };
    FORMATS
        .iter()
        .copied()
        .find(|format| format.as_str().eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::find;

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
        }
    }
}
