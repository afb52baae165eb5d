//! Receipts: their landing table becomes sums by table and hour, which are a property of it.

use std::collections::BTreeMap;

use lakefront_lake::{DataFile, Lake, PropertyChange};
use lakefront_landing::{Hour, RECEIPTS, Receipt, landing_table, receipts};
use serde::{Deserialize, Serialize};

use super::{Error, PROPERTY, Result, counts, read};

/// The most files of receipts of one commit.
const FILES: usize = 1_000;

/// The rows that streams have taken, by table and hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accepted(BTreeMap<String, BTreeMap<Hour, u64>>);

impl Accepted {
    /// Returns the rows of a table by hour.
    pub fn of(&self, table: &str) -> Option<&BTreeMap<Hour, u64>> {
        self.0.get(table)
    }

    /// Adds a receipt. One of an unknown table was not sent by a Worker.
    fn add(&mut self, receipt: &Receipt) {
        if lakefront_otel::table(&receipt.table).is_none() {
            return;
        }
        let hours = self.0.entry(receipt.table.clone()).or_default();
        *hours.entry(Hour::of(receipt.accepted)).or_default() += u64::from(receipt.rows);
        counts::keep_newest(hours);
    }
}

/// Adds the receipts that have landed to the sums, and returns them.
///
/// The commit that sets the sums takes the files out of the table, so that each counts once.
pub async fn collect(landing: &Lake) -> Result<Accepted> {
    let Some(table) = landing_table(RECEIPTS).filter(|table| landing.has(table.name)) else {
        return Ok(Accepted::default());
    };
    let property = format!("{PROPERTY}accepted");
    let text = landing.property(table.name, &property).await?;
    let mut accepted: Accepted = match &text {
        None => Accepted::default(),
        Some(text) => serde_json::from_str(text).map_err(|source| Error::State {
            table: RECEIPTS,
            property: property.clone(),
            source,
        })?,
    };
    let state = landing.state(table.name).await?;
    let files: Vec<_> = state.files.iter().take(FILES).collect();
    if files.is_empty() {
        return Ok(accepted);
    }
    for file in &files {
        let path = file.file.file_path();
        let mut reader = read::open(landing, table.name, &state, file, 0, None).await?;
        while let Some(batch) = read::next(&mut reader, path)? {
            let receipts = receipts(&batch).map_err(|error| read::failed(path, error))?;
            receipts.iter().for_each(|receipt| accepted.add(receipt));
        }
    }
    let sums = PropertyChange {
        name: property,
        before: text,
        after: serde_json::to_string(&accepted).map_err(lakefront_lake::Error::from)?,
    };
    let files: Vec<DataFile> = files.iter().map(|file| file.file.clone()).collect();
    // If another keeper was first, the commit fails, and the next run counts the rest.
    landing.remove(table.name, &files, Some(&sums)).await?;
    Ok(accepted)
}
