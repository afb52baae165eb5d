//! The tables in ClickHouse's dialect.

use crate::table::{Column, ColumnType, Table};

/// `CREATE TABLE` of the table as a MergeTree, partitioned by day and ordered like the files of the lake.
///
/// Names are quoted, so `database` may be any identifier without a backtick.
pub fn clickhouse_ddl(table: &Table, database: &str) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("    `{}` {}", column.name, column_type(column)))
        .collect();
    let order: Vec<String> = table.sort_order.iter().map(|name| format!("`{name}`")).collect();
    let indexes: Vec<String> = table
        .bloom_columns
        .iter()
        .map(|name| format!(",\n    INDEX `bloom_{name}` `{name}` TYPE bloom_filter(0.01) GRANULARITY 1"))
        .collect();
    format!(
        "CREATE TABLE IF NOT EXISTS `{database}`.`{}`\n(\n{}{}\n)\nENGINE = MergeTree\n\
         PARTITION BY toDate(`{}`, 'UTC')\nORDER BY ({})",
        table.name,
        columns.join(",\n"),
        indexes.concat(),
        table.time_column,
        order.join(", "),
    )
}

fn column_type(column: &Column) -> String {
    let r#type = type_name(column.r#type);
    match (column.required, column.low_cardinality) {
        (true, true) => format!("LowCardinality({type})"),
        (true, false) => r#type,
        (false, _) => format!("Nullable({type})"),
    }
}

fn type_name(r#type: ColumnType) -> String {
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
