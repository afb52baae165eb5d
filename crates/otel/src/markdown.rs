//! The documentation of the tables, in Markdown.

use std::fmt::Write;

use crate::table::{ColumnType, Table};
use crate::tables::tables;

/// Returns the content of `docs/tables.md`: every table and column, in Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Tables\n\n\
         Namespace `otel`, Iceberg v2. Generated from `crates/otel/src/tables`; do not edit.\n\n\
         Strings are `''` when absent, unless a column is optional. Promoted columns (★) are Lakefront's own, filled from\n\
         attributes so that queries need not read maps; the others are those of the OpenTelemetry Collector's ClickHouse\n\
         exporter. Promoted texts above 1,024 bytes, ErrorMessage and PagePath excepted, are cut and end in `~` and a hash of all of\n\
         the text, so that every value can be a parameter of a query. The id is Iceberg's field id, then those of list elements, map keys and map values.\n",
    );
    for table in tables() {
        write_table(&mut page, table).expect("a String takes everything");
    }
    page
}

/// Writes the section of one table.
fn write_table(page: &mut String, table: &Table) -> std::fmt::Result {
    writeln!(page, "\n## {}\n\n{}\n", table.name, table.doc)?;
    writeln!(
        page,
        "Partitioned by `day({})`, sorted by {}.",
        table.time_column,
        code(table.sort_order)
    )?;
    if !table.bloom_columns.is_empty() {
        writeln!(page, "Bloom filters: {}.", code(table.bloom_columns))?;
    }
    writeln!(page, "\n| id | column | type | |\n|---|---|---|---|")?;
    for column in &table.columns {
        let ids: Vec<String> = std::iter::once(&column.id)
            .chain(&column.nested_ids)
            .map(ToString::to_string)
            .collect();
        let star = if column.promoted { " ★" } else { "" };
        let optional = if column.required { "" } else { ", optional" };
        let r#type = type_name(column.r#type);
        writeln!(
            page,
            "| {} | `{}`{star} | {type}{optional} | {} |",
            ids.join(" "),
            column.name,
            column.doc
        )?;
    }
    Ok(())
}

/// Returns the names as a comma-separated list of inline code.
fn code(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns the Iceberg name of a type.
fn type_name(r#type: ColumnType) -> String {
    match r#type {
        ColumnType::Boolean => "boolean".into(),
        ColumnType::Int => "int".into(),
        ColumnType::Long => "long".into(),
        ColumnType::Double => "double".into(),
        ColumnType::String => "string".into(),
        ColumnType::Timestamp => "timestamptz".into(),
        ColumnType::StringMap => "map<string, string>".into(),
        ColumnType::List(element) => format!("list<{}>", type_name(*element)),
    }
}
