//! Opens a lake: its catalog, its tables, and their version hints.

use std::collections::BTreeMap;
use std::sync::Arc;

use lakefront_lake_catalog::{LakeLocation, NAMESPACE, RestCatalog};

use crate::config::LakeConfig;
use crate::error::{Error, Result};
use crate::sql_catalog::SqlCatalog;
use crate::table::OpenTable;
use crate::{storage, version_hint};

/// Opens the catalog and all tables, creates those that are missing, and renews the version hints.
pub(crate) async fn open(config: LakeConfig) -> Result<BTreeMap<&'static str, Arc<OpenTable>>> {
    let config = Arc::new(config);
    let mut tables = BTreeMap::new();
    match &config.location {
        LakeLocation::Folder(folder) => {
            let folder = std::path::absolute(folder).map_err(Error::io(folder))?;
            storage::create_folder(&folder)?;
            let catalog = SqlCatalog::open(&folder.join("catalog.db")).await?;
            for definition in config.tables {
                let namespace = folder.join(NAMESPACE);
                let table = OpenTable::open_local(&catalog, definition, &namespace, &config).await?;
                tables.insert(definition.name, Arc::new(table));
            }
        }
        LakeLocation::RestCatalog(lake) => {
            let catalog = RestCatalog::connect(lake).await?.in_namespace(config.namespace);
            catalog.create_namespace().await?;
            for definition in config.tables {
                let table = OpenTable::open_remote(&catalog, definition, &config, true).await?;
                tables.extend(table.map(|table| (definition.name, Arc::new(table))));
            }
        }
    }
    for table in tables.values() {
        version_hint::publish(table).await?;
    }
    Ok(tables)
}

/// Opens the tables that a REST catalog has already. A folder has none in another namespace than its own.
pub(crate) async fn open_existing(config: LakeConfig) -> Result<BTreeMap<&'static str, Arc<OpenTable>>> {
    let config = Arc::new(config);
    let mut tables = BTreeMap::new();
    if let LakeLocation::RestCatalog(lake) = &config.location {
        let catalog = RestCatalog::connect(lake).await?.in_namespace(config.namespace);
        for definition in config.tables {
            let table = OpenTable::open_remote(&catalog, definition, &config, false).await?;
            tables.extend(table.map(|table| (definition.name, Arc::new(table))));
        }
    }
    Ok(tables)
}
