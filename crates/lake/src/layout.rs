//! The Parquet layout of data files.

use lakefront_otel::{Column, ColumnType, Table};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Rows of a row group: the unit that readers skip by statistics and read in parallel.
pub(crate) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows of a page at most: the unit that the page index skips.
const PAGE_ROWS: usize = 8 * 1024;

/// The properties of a file whose row groups have so many rows.
pub(crate) fn properties(table: &Table, rows: usize) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page);
    for column in &table.columns {
        builder = column_properties(builder, table, column, rows);
    }
    builder.build()
}

fn column_properties(
    builder: WriterPropertiesBuilder,
    table: &Table,
    column: &Column,
    rows: usize,
) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(vec![column.name.to_owned()]);
    match column.r#type {
        ColumnType::Timestamp | ColumnType::Long => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        ColumnType::String if table.bloom_columns.contains(&column.name) => builder
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), 0.01)
            .set_column_bloom_filter_ndv(path, rows.max(1) as u64),
        _ => builder,
    }
}
