//! The SQL catalog of the iceberg crate works on the catalog of the lake.

use std::collections::HashMap;
use std::sync::Arc;

use crate::common::{DAY, MARCH_10, lake, rows};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures::TryStreamExt;
use iceberg::io::LocalFsStorageFactory;
use iceberg::transaction::{ApplyTransactionAction, Transaction};
use iceberg::{Catalog, CatalogBuilder, NamespaceIdent, TableIdent};
use iceberg_catalog_sql::{
    SQL_CATALOG_PROP_BIND_STYLE, SQL_CATALOG_PROP_URI, SQL_CATALOG_PROP_WAREHOUSE, SqlBindStyle, SqlCatalog,
    SqlCatalogBuilder,
};
use lakefront_otel::tables;

async fn sql_catalog(lake: &std::path::Path) -> SqlCatalog {
    let properties = [
        (
            SQL_CATALOG_PROP_URI,
            format!("sqlite://{}/catalog.db", lake.display()),
        ),
        (SQL_CATALOG_PROP_WAREHOUSE, format!("file://{}", lake.display())),
        (SQL_CATALOG_PROP_BIND_STYLE, SqlBindStyle::QMark.to_string()),
    ];
    let properties: HashMap<_, _> = properties.map(|(key, value)| (key.to_owned(), value)).into();
    SqlCatalogBuilder::default()
        .with_storage_factory(Arc::new(LocalFsStorageFactory))
        .load("lakefront", properties)
        .await
        .unwrap()
}

/// Returns the sum and the number of the row ids.
async fn row_ids(table: &iceberg::table::Table) -> (i64, usize) {
    let scan = table.scan().select(["RowId"]).build().unwrap();
    let batches: Vec<_> = scan.to_arrow().await.unwrap().try_collect().await.unwrap();
    let ids: Vec<i64> = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect();
    (ids.iter().sum(), ids.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_and_commits_to_every_table() {
    let (folder, lake) = lake().await;
    let catalog = sql_catalog(folder.path()).await;
    let namespace = NamespaceIdent::new("otel".to_owned());
    assert_eq!(
        catalog.list_namespaces(None).await.unwrap(),
        std::slice::from_ref(&namespace)
    );
    assert_eq!(
        catalog.list_tables(&namespace).await.unwrap().len(),
        tables().len()
    );

    for definition in tables() {
        let append = async |first: i64| {
            let batch = rows(definition.name, first, 100, |n| MARCH_10 + n % 3 * DAY);
            let files = lake.write(definition.name, batch).await.unwrap();
            lake.append(definition.name, &files, None).await.unwrap().unwrap();
        };
        append(0).await;
        let name = TableIdent::new(namespace.clone(), definition.name.to_owned());
        let table = catalog.load_table(&name).await.unwrap();
        assert_eq!(
            row_ids(&table).await,
            ((0..100).sum(), 100),
            "{}",
            definition.name
        );

        // Its commit is between two commits of the lake.
        let transaction = Transaction::new(&table);
        let change = transaction.update_table_properties();
        let change = change.set("owner".to_owned(), "shop".to_owned());
        let table = change.apply(transaction).unwrap().commit(&catalog).await.unwrap();
        assert_eq!(table.metadata().properties()["owner"], "shop");
        append(100).await;
        let table = catalog.load_table(&name).await.unwrap();
        assert_eq!(table.metadata().properties()["owner"], "shop");
        assert_eq!(
            row_ids(&table).await,
            ((0..200).sum(), 200),
            "{}",
            definition.name
        );
    }
}
