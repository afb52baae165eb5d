//! Moves the rows of one landing table.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::concat::concat_batches;
use lakefront_lake::{DataFile, Lake, LakeFile, PropertyChange, TableState};
use lakefront_landing::{LandingTable, Mark, landing_table, marks, rows, times};
use lakefront_otel::Table;
use lakefront_otel::arrow::arrow_schema;
use lakefront_otlp::{MOST_DAYS, row_times};

use super::counts::Totals;
use super::position::{Position, State};
use super::seen::Seen;
use super::{Error, PROPERTY, Result, read};
use crate::fields::Fields;
use crate::pipeline::numbered;
use crate::time::now_micros;

/// The rows of a commit, as many as ingest commits by default.
const COMMIT_ROWS: usize = 75_000;

/// The bytes of rows in memory at which a commit is made earlier.
const COMMIT_BYTES: usize = 128 << 20;

/// The time within which a row that lands again is recognised after a restart. Senders repeat for minutes.
const REPEATS_MICROS: i64 = 15 * 60 * 1_000_000;

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// The columns that say which chunk a row belongs to.
const MARKS: &[&str] = &["_chunk", "_row", "_rows", "_accepted"];

/// The keeper of one table.
pub struct TableKeeper {
    table: &'static Table,
    fields: Arc<Fields>,
    /// The committed state. `None` before the first run.
    committed: Option<Committed>,
}

struct Committed {
    state: State,
    /// The property with the state, which a commit expects. `None` before the first commit.
    text: Option<String>,
    /// The rows that were moved last. `None` until there are new ones.
    seen: Option<Seen>,
}

/// Rows that are being gathered for a commit.
struct Gathered {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    days: HashSet<i64>,
    /// The state once the rows are committed.
    state: State,
}

impl TableKeeper {
    /// Returns a keeper that has not read the state yet. It counts the fields of moved rows.
    pub fn new(table: &'static Table, fields: Arc<Fields>) -> Self {
        Self {
            table,
            fields,
            committed: None,
        }
    }

    /// Returns the rows by hour, as of the last commit.
    pub fn totals(&self) -> &Totals {
        static NONE: std::sync::LazyLock<Totals> = std::sync::LazyLock::new(Totals::default);
        self.committed
            .as_ref()
            .map_or(&NONE, |committed| &committed.state.totals)
    }

    /// Moves the rows that have landed, and deletes files that were moved more than `keep` ago.
    ///
    /// After an error the keeper must not be used again: what it remembers may be ahead of what is committed.
    pub async fn run(&mut self, lake: &Lake, landing: &Lake, keep: Duration) -> Result<()> {
        let Some(landed) = landing_table(self.table.name).filter(|landed| landing.has(landed.name)) else {
            return Ok(());
        };
        let files = landing.state(landed.name).await?;
        let mut committed = match self.committed.take() {
            Some(committed) => committed,
            None => self.open(lake, landed).await?,
        };
        let moved = self
            .move_files(lake, landing, landed, &files, &mut committed)
            .await;
        let state = &self.committed.insert(committed).state;
        moved?;
        expire(landing, landed, &files, state, keep).await
    }

    /// Writes the counted fields of moved rows into this table, which is that of logs. Those of a service are written once an hour.
    ///
    /// After an error the keeper must not be used again: what it remembers may be ahead of what is committed.
    pub async fn write_fields(&mut self, lake: &Lake) -> Result<()> {
        let Some(landed) = landing_table(self.table.name) else {
            return Ok(());
        };
        let mut committed = match self.committed.take() {
            Some(committed) => committed,
            None => self.open(lake, landed).await?,
        };
        let mut gathered = Gathered::after(&committed.state);
        let first = gathered.state.read + 1;
        if let Some(rows) = self
            .fields
            .rows_without(&mut gathered.state.fields, first.cast_signed())?
        {
            gathered.state.read += rows.num_rows() as u64;
            gathered.batches.push(rows);
            self.commit(lake, landed, gathered, &mut committed).await?;
        }
        self.committed = Some(committed);
        Ok(())
    }

    /// Reads the committed state.
    async fn open(&self, lake: &Lake, landed: &LandingTable) -> Result<Committed> {
        let table = self.table.name;
        let property = format!("{PROPERTY}{}", landed.name);
        let text = lake.property(table, &property).await?;
        let state: State = match &text {
            None => State::default(),
            Some(text) => serde_json::from_str(text).map_err(|source| Error::State {
                table,
                property: property.clone(),
                source,
            })?,
        };
        Ok(Committed {
            state,
            text,
            seen: None,
        })
    }

    /// Moves the rows of the files after the committed position.
    async fn move_files(
        &self,
        lake: &Lake,
        landing: &Lake,
        landed: &'static LandingTable,
        files: &TableState,
        committed: &mut Committed,
    ) -> Result<()> {
        let start = &committed.state.position;
        if let Some(sequence_number) = files.rewritten_after(start.sequence_number) {
            return Err(Error::Rewritten {
                table: landed.name,
                sequence_number,
            });
        }
        let mut new: Vec<&LakeFile> = files.files.iter().filter(|file| !start.is_after(file)).collect();
        new.sort_by_cached_key(|file| Position::of(file, 0));
        if new.is_empty() {
            return Ok(());
        }
        let mut seen = match committed.seen.take() {
            Some(seen) => seen,
            None => recently_moved(landing, landed, files, &committed.state).await?,
        };
        let mut gathered = Gathered::after(&committed.state);
        for file in new {
            let path = file.file.file_path();
            let start = &committed.state.position;
            let mut row = match start.file == path {
                true => start.row,
                false => 0,
            };
            let mut reader = read::open(landing, landed.name, files, file, row, None).await?;
            while let Some(batch) = read::next(&mut reader, path)? {
                let mut rest = batch;
                while rest.num_rows() > 0 {
                    let room = gathered.room(self.table, &rest, path)?;
                    if room == 0 {
                        self.commit(lake, landed, gathered, committed).await?;
                        gathered = Gathered::after(&committed.state);
                        continue;
                    }
                    let piece = rest.slice(0, room);
                    rest = rest.slice(room, rest.num_rows() - room);
                    gathered.add(self.table, &piece, &mut seen, path)?;
                    row += room as u64;
                    gathered.state.position = Position::of(file, row);
                }
            }
        }
        if gathered.state.read > committed.state.read {
            self.commit(lake, landed, gathered, committed).await?;
        }
        committed.seen = Some(seen);
        Ok(())
    }

    /// Commits the gathered rows with the state after them.
    async fn commit(
        &self,
        lake: &Lake,
        landed: &LandingTable,
        gathered: Gathered,
        committed: &mut Committed,
    ) -> Result<()> {
        let table = self.table.name;
        let mut state = gathered.state;
        state.note(now_micros(), &committed.state.position);
        if state.writer == 0 {
            state.writer = lake.new_writer().await?;
        }
        let schema = arrow_schema(self.table);
        let batch = concat_batches(&schema, &gathered.batches).map_err(lakefront_lake::Error::from)?;
        let files: Vec<DataFile> = match batch.num_rows() {
            0 => Vec::new(),
            _ => lake.write(table, numbered(&batch, state.writer)?).await?,
        };
        let property = PropertyChange {
            name: format!("{PROPERTY}{}", landed.name),
            before: committed.text.clone(),
            after: serde_json::to_string(&state).map_err(lakefront_lake::Error::from)?,
        };
        match lake.append_with(table, &files, &property).await {
            Ok(()) => {
                tracing::debug!(
                    table,
                    rows = batch.num_rows(),
                    read = state.read,
                    "moved landed rows"
                );
                self.fields.count(table, &batch);
                committed.state = state;
                committed.text = Some(property.after);
                Ok(())
            }
            // The files may be committed.
            Err(error @ lakefront_lake::Error::CommitStateUnknown { .. }) => Err(error.into()),
            Err(error) => {
                lake.discard(table, files).await?;
                Err(error.into())
            }
        }
    }
}

impl Gathered {
    fn after(state: &State) -> Self {
        Self {
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
            days: HashSet::new(),
            state: state.clone(),
        }
    }

    /// Returns the number of landed rows, from the first on, that the commit has room for. An empty one has room for one
    /// at least.
    fn room(&mut self, table: &Table, landed: &RecordBatch, path: &str) -> Result<usize> {
        if self.rows >= COMMIT_ROWS || self.bytes >= COMMIT_BYTES {
            return Ok(0);
        }
        let times = times(table, landed).map_err(|error| read::failed(path, error))?;
        for (row, time) in times.into_iter().enumerate() {
            let day = time.map(|time| time.div_euclid(DAY_MICROS));
            let Some(day) = day.filter(|day| !self.days.contains(day)) else {
                continue;
            };
            if self.days.len() == MOST_DAYS {
                return Ok(row);
            }
            self.days.insert(day);
        }
        Ok(landed.num_rows())
    }

    /// Adds the landed rows that are new and can be stored, and counts all.
    fn add(&mut self, table: &Table, landed: &RecordBatch, seen: &mut Seen, path: &str) -> Result<()> {
        let marks = marks_of(landed, path)?;
        let now = now_micros();
        let totals = &mut self.state.totals;
        let mut new = Vec::with_capacity(marks.len());
        for mark in &marks {
            let accepted = mark.map_or(now, |mark| mark.accepted);
            totals.count(accepted, |hour| hour.landed += 1);
            let is_new = match mark {
                Some(mark) => seen.insert(*mark),
                None => {
                    totals.count(accepted, |hour| hour.unreadable += 1);
                    new.push(false);
                    continue;
                }
            };
            if !is_new {
                totals.count(accepted, |hour| hour.repeated += 1);
            }
            new.push(is_new);
        }
        let wanted: BooleanArray = new.clone().into();
        let moved =
            rows(table, landed, &wanted, &row_times(now)).map_err(|error| read::failed(path, error))?;
        let wanted = marks.iter().zip(new).filter(|(_, is_new)| *is_new);
        for ((mark, _), is_readable) in wanted.zip(moved.is_readable) {
            let accepted = mark.map_or(now, |mark| mark.accepted);
            totals.count(accepted, |hour| match is_readable {
                true => hour.moved += 1,
                false => hour.unreadable += 1,
            });
        }
        let batch = offset(moved.rows, self.state.read + 1).map_err(lakefront_lake::Error::from)?;
        self.rows += landed.num_rows();
        self.bytes += batch.get_array_memory_size();
        self.state.read += landed.num_rows() as u64;
        self.batches.push(batch);
        Ok(())
    }
}

/// Returns the rows that were moved last, from the landed files that are kept.
async fn recently_moved(
    landing: &Lake,
    landed: &LandingTable,
    files: &TableState,
    state: &State,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let old = state.moved_before(now_micros() - REPEATS_MICROS);
    let is_recent = |file: &&LakeFile| Position::of(file, 0) <= state.position && !old.is_after(file);
    for file in files.files.iter().filter(is_recent) {
        let path = file.file.file_path();
        // Of the file at the position only the rows before it are moved.
        let mut left = match state.position.file == path {
            true => state.position.row,
            false => u64::MAX,
        };
        let mut reader = read::open(landing, landed.name, files, file, 0, Some(MARKS)).await?;
        while let Some(batch) = read::next(&mut reader, path)? {
            let taken = left.min(batch.num_rows() as u64);
            left -= taken;
            let batch = batch.slice(0, usize::try_from(taken).unwrap_or(usize::MAX));
            for mark in marks_of(&batch, path)?.into_iter().flatten() {
                seen.insert(mark);
            }
        }
    }
    Ok(seen)
}

/// Returns the rows with `RowId`s that begin with `first`, as positions of the landing table.
fn offset(batch: RecordBatch, first: u64) -> std::result::Result<RecordBatch, arrow_schema::ArrowError> {
    let schema = batch.schema();
    let place = schema.index_of("RowId")?;
    let ids = first..first + batch.num_rows() as u64;
    let ids = arrow_array::Int64Array::from_iter_values(ids.map(u64::cast_signed));
    let mut columns = batch.columns().to_vec();
    columns[place] = std::sync::Arc::new(ids);
    RecordBatch::try_new(schema, columns)
}

fn marks_of(batch: &RecordBatch, path: &str) -> Result<Vec<Option<Mark>>> {
    marks(batch).map_err(|error| read::failed(path, error))
}

/// Takes files out of the landing table that were moved more than `keep` ago. Their objects are deleted when the
/// snapshots that name them expire.
async fn expire(
    landing: &Lake,
    landed: &LandingTable,
    files: &TableState,
    state: &State,
    keep: Duration,
) -> Result<()> {
    let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
    let moved = match keep {
        0 => state.position.clone(),
        keep => state.moved_before(now_micros().saturating_sub(keep)),
    };
    let moved: Vec<DataFile> = files
        .files
        .iter()
        .filter(|file| moved.is_after(file))
        .map(|file| file.file.clone())
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    landing.remove(landed.name, &moved, None).await?;
    landing.expire(landed.name).await?;
    Ok(())
}
