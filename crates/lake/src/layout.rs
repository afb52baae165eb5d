//! The Parquet layout of data files. `docs/adr/layout-by-measurement.md` has the measurements behind the defaults.

use lakefront_otel::{Column, ColumnType, Table};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::error::Result;

/// Settings of the Parquet files that the lake writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Compression level of zstd, from 1 to 22.
    pub zstd_level: i32,
    /// Most rows of a row group, the unit that readers skip by statistics and read in parallel.
    pub row_group_rows: usize,
    /// Most rows of a page, the unit that readers skip by the page index.
    pub page_rows: usize,
    /// String columns that are dictionary-encoded where that saves bytes.
    pub dictionaries: StringColumns,
    /// String columns with minimum and maximum for each page and row group.
    pub bounds: StringColumns,
    /// True if the columns of point look-ups get bloom filters.
    pub bloom_filters: bool,
}

/// A choice of string columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringColumns {
    /// All of them, also in maps and lists.
    All,
    /// All but the ids of traces and spans, which hardly repeat.
    AllButIds,
    /// Columns with few distinct values, sort columns, and columns of point look-ups.
    Few,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            zstd_level: 1,
            row_group_rows: 128 * 1024,
            page_rows: 8 * 1024,
            dictionaries: StringColumns::All,
            bounds: StringColumns::Few,
            bloom_filters: true,
        }
    }
}

impl StringColumns {
    /// Returns true if the choice includes the column.
    fn contain(self, table: &Table, column: &Column) -> bool {
        match self {
            Self::All => true,
            Self::AllButIds => !is_id(column),
            Self::Few => {
                column.low_cardinality
                    || table.sort_order.contains(&column.name)
                    || table.bloom_columns.contains(&column.name)
            }
        }
    }
}

/// Returns true if the column holds random ids.
fn is_id(column: &Column) -> bool {
    matches!(column.name, "TraceId" | "SpanId" | "ParentSpanId")
}

impl Layout {
    /// Returns the properties of a file whose row groups have `rows` rows.
    pub(crate) fn properties(&self, table: &Table, rows: usize) -> Result<WriterProperties> {
        let mut builder = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(self.zstd_level)?))
            .set_max_row_group_row_count(None)
            .set_data_page_row_count_limit(self.page_rows)
            .set_statistics_enabled(EnabledStatistics::Page);
        for column in &table.columns {
            builder = self.column(builder, table, column, rows);
        }
        Ok(builder.build())
    }

    /// Adds the properties of one column.
    fn column(
        &self,
        mut builder: WriterPropertiesBuilder,
        table: &Table,
        column: &Column,
        rows: usize,
    ) -> WriterPropertiesBuilder {
        for path in string_leaves(column) {
            if !self.bounds.contain(table, column) {
                builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
            }
            if !self.dictionaries.contain(table, column) {
                builder = builder.set_column_dictionary_enabled(path, false);
            }
        }
        let path = ColumnPath::from(column.name);
        match column.r#type {
            ColumnType::Timestamp | ColumnType::Long => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            ColumnType::String if self.bloom_filters && table.bloom_columns.contains(&column.name) => builder
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path.clone(), 0.01)
                .set_column_bloom_filter_ndv(path, rows.max(1) as u64),
            _ => builder,
        }
    }
}

/// Returns the paths of the column's string leaves, with the names that Arrow schemas of Iceberg tables use.
fn string_leaves(column: &Column) -> Vec<ColumnPath> {
    fn below(path: Vec<String>, r#type: ColumnType) -> Vec<ColumnPath> {
        let with = |names: &[&str]| {
            [
                path.clone(),
                names.iter().map(|name| (*name).to_owned()).collect(),
            ]
            .concat()
        };
        match r#type {
            ColumnType::String => vec![ColumnPath::from(path)],
            ColumnType::StringMap => vec![
                ColumnPath::from(with(&["key_value", "key"])),
                ColumnPath::from(with(&["key_value", "value"])),
            ],
            ColumnType::List(element) => below(with(&["list", "element"]), *element),
            _ => Vec::new(),
        }
    }
    below(vec![column.name.to_owned()], column.r#type)
}

#[cfg(test)]
mod tests {
    use lakefront_otel::tables;
    use parquet::arrow::ArrowSchemaConverter;

    use super::*;

    #[test]
    fn paths_are_those_of_the_files() {
        for table in tables() {
            let schema = lakefront_otel::arrow::arrow_schema(table);
            let parquet = ArrowSchemaConverter::new()
                .convert(&schema)
                .expect("an Arrow schema");
            let leaves: Vec<ColumnPath> = parquet.columns().iter().map(|leaf| leaf.path().clone()).collect();
            for path in table.columns.iter().flat_map(string_leaves) {
                assert!(
                    leaves.contains(&path),
                    "{}: {path} is none of {leaves:?}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn choices_are_those_of_the_columns() {
        let logs = lakefront_otel::table("otel_logs").expect("a table");
        let layout = Layout {
            dictionaries: StringColumns::AllButIds,
            bounds: StringColumns::Few,
            ..Layout::default()
        };
        let properties = layout.properties(logs, 1_000).expect("valid properties");
        let path = |name: &str| ColumnPath::from(name);
        assert!(!properties.dictionary_enabled(&path("TraceId")));
        assert!(properties.dictionary_enabled(&path("UserId")));
        assert_eq!(
            properties.statistics_enabled(&path("ServiceName")),
            EnabledStatistics::Page
        );
        assert_eq!(
            properties.statistics_enabled(&path("Body")),
            EnabledStatistics::None
        );
        assert!(properties.bloom_filter_properties(&path("TraceId")).is_some());
        assert!(properties.bloom_filter_properties(&path("Body")).is_none());
    }
}
