//! The counter of writer numbers: each write-ahead log of the lake gets a number that none had before.

use crate::catalog::Catalog;
use crate::commit::{Change, commit};
use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::writer_positions::{self, LAST_WRITER};

/// Assigns the next number. `table` holds the counter.
pub(crate) async fn assign(table: &OpenTable) -> Result<u16> {
    let number = match &table.catalog {
        Catalog::Sql(catalog) => catalog.next_number(LAST_WRITER).await?,
        Catalog::Rest(_) => assign_by_commit(table).await?,
    };
    u16::try_from(number)
        .ok()
        .filter(|writer| *writer <= i16::MAX as u16)
        .ok_or(Error::NoWritersLeft)
}

/// Returns the last assigned number; 0 if there was none. `table` holds the counter.
pub(crate) async fn last(table: &OpenTable) -> Result<i64> {
    match &table.catalog {
        Catalog::Sql(catalog) => catalog.last_number(LAST_WRITER).await,
        Catalog::Rest(_) => {
            let committed = table.committed().await?;
            Ok(writer_positions::last_writer(committed.metadata.properties()))
        }
    }
}

/// Assigns a number by a commit that adds no rows, because a REST catalog swaps nothing but tables.
async fn assign_by_commit(table: &OpenTable) -> Result<i64> {
    let change = Change {
        new_writer: true,
        ..Change::adding(&[])
    };
    let Some(commit) = commit(table, change).await? else {
        return Err(Error::NoWritersLeft);
    };
    let committed = table.committed().await?;
    let snapshot = committed.metadata.snapshot_by_id(commit.snapshot_id);
    let number = snapshot.and_then(|snapshot| writer_positions::writer_of(snapshot.summary()));
    number.ok_or(Error::NoWritersLeft)
}
