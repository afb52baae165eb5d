//! Tests of the definition of the tables, and of what is derived from it.
#![cfg(feature = "arrow")]

use std::collections::HashSet;

use expect_test::expect_file;
use lakefront_otel::arrow::{LogsBuilder, MetricsBuilder, TracesBuilder, arrow_schema};
use lakefront_otel::{ColumnType, clickhouse_ddl, markdown, table, tables};

/// The page has the field ids, so a change of an id would show as a change of the page. Used ids must never change.
#[test]
fn docs_are_current() {
    expect_file!["../../../docs/tables.md"].assert_eq(&markdown());
}

/// `UPDATE_EXPECT=1` rewrites the file. Once servers have run it, a new column needs a new migration instead.
#[test]
fn the_migration_of_the_raw_tables_is_current() {
    let ddl: Vec<String> = tables()
        .iter()
        .map(|table| clickhouse_ddl(table, "otel") + ";\n")
        .collect();
    expect_file!["../../../clickhouse/migrations/0002_raw_tables.sql"].assert_eq(&ddl.join("\n"));
}

#[test]
fn field_ids_and_names_are_unique() {
    for table in tables() {
        let mut ids = HashSet::new();
        let mut names = HashSet::new();
        for column in &table.columns {
            assert!(names.insert(column.name), "{}.{} twice", table.name, column.name);
            for id in std::iter::once(&column.id).chain(&column.nested_ids) {
                assert!(ids.insert(*id), "{}.{}: id {id} twice", table.name, column.name);
            }
        }
        assert_eq!(
            ids.iter().max().map(|&id| id as usize),
            Some(ids.len()),
            "{} leaves ids out",
            table.name
        );
    }
}

#[test]
fn layouts_name_columns_that_exist() {
    for table in tables() {
        let time = table.column(table.time_column).expect("the time column exists");
        assert_eq!((time.r#type, time.required), (ColumnType::Timestamp, true));
        for name in table.sort_order.iter().chain(table.bloom_columns) {
            assert!(table.column(name).is_some(), "{}.{name}", table.name);
        }
        assert!(table.column("RowId").is_some_and(|column| column.required));
    }
}

/// Empty batches have every column in its place. The builders assert the names against the definition.
#[test]
fn builders_follow_the_definition() {
    assert_eq!(
        LogsBuilder::new().finish().schema(),
        arrow_schema(table("otel_logs").expect("logs"))
    );
    assert_eq!(
        TracesBuilder::new().finish().schema(),
        arrow_schema(table("otel_traces").expect("traces"))
    );
    assert!(MetricsBuilder::new().finish().is_empty());
}

#[test]
fn the_mapping_has_a_version() {
    let version = lakefront_otel::mapping_version();
    assert!(
        version.len() == 16 && version.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{version}"
    );
}
