//! The DDL of the tables in ClickHouse's dialect.

use crate::table::{Column, ColumnType, Table};

/// Number of whole UTC days before today for which the raw tables in ClickHouse are complete. Parts are dropped two
/// days later.
pub const RAW_RETENTION_DAYS: u16 = 32;

/// Returns the `CREATE TABLE` statement of a table as a MergeTree. It is partitioned by day and sorted like the files
/// of the lake.
///
/// Indexes serve point look-ups: bloom filters on the same columns as in the lake, and a minmax index on the time,
/// which is not first in the sort order. ClickHouse recognises a repeated insert by its deduplication token within the
/// last 10,000 blocks.
///
/// Names are quoted, so `database` may be any identifier without a backtick.
pub fn clickhouse_ddl(table: &Table, database: &str) -> String {
    let time = table.time_column;
    let columns = table.columns.iter().map(clickhouse_column);
    let blooms = table
        .bloom_columns
        .iter()
        .map(|name| format!("INDEX `bloom_{name}` `{name}` TYPE bloom_filter(0.01) GRANULARITY 1"));
    let times = format!("INDEX `minmax_{time}` `{time}` TYPE minmax GRANULARITY 1");
    let inside: Vec<String> = columns.chain(blooms).chain([times]).collect();
    let order: Vec<String> = table.sort_order.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS `{database}`.`{}`\n(\n    {}\n)\nENGINE = MergeTree\n\
         PARTITION BY toDate(`{time}`, 'UTC')\nORDER BY ({})\n\
         TTL toDate(`{time}`, 'UTC') + INTERVAL {} DAY\n\
         SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000",
        table.name,
        inside.join(",\n    "),
        order.join(", "),
        RAW_RETENTION_DAYS + 2,
    )
}

/// Returns a column as it stands in `CREATE TABLE` and `ALTER TABLE … ADD COLUMN`: quoted name, type and codec.
pub fn clickhouse_column(column: &Column) -> String {
    format!("`{}` {}{}", column.name, column_type(column), codec(column))
}

/// Returns the codec of a column: deltas for times and row ids, which grow slowly, and zstd for texts, which repeat.
/// Other columns are small enough for the default.
fn codec(column: &Column) -> &'static str {
    match column.r#type {
        ColumnType::Timestamp => " CODEC(Delta, ZSTD(1))",
        ColumnType::Long if column.name == "RowId" => " CODEC(Delta, ZSTD(1))",
        ColumnType::String if !column.low_cardinality => " CODEC(ZSTD(1))",
        ColumnType::StringMap | ColumnType::List(_) => " CODEC(ZSTD(1))",
        _ => "",
    }
}

/// Returns the ClickHouse type of a column, with `Nullable` and `LowCardinality`.
fn column_type(column: &Column) -> String {
    let r#type = type_name(column.r#type);
    match (column.required, column.low_cardinality) {
        (true, true) => format!("LowCardinality({type})"),
        (true, false) => r#type,
        (false, _) => format!("Nullable({type})"),
    }
}

/// Returns the ClickHouse name of a type.
pub(crate) fn type_name(r#type: ColumnType) -> String {
    match r#type {
        ColumnType::Boolean => "Bool".into(),
        ColumnType::Int => "Int32".into(),
        ColumnType::Long => "Int64".into(),
        ColumnType::Double => "Float64".into(),
        ColumnType::String => "String".into(),
        ColumnType::Timestamp => "DateTime64(6, 'UTC')".into(),
        ColumnType::StringMap => "Map(LowCardinality(String), String)".into(),
        ColumnType::List(element) => format!("Array({})", type_name(*element)),
    }
}
