//! The writer number under which this log is committed, and the part of the log that each table contains.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use lakefront_lake::{Lake, WalMark, WalPosition};

use crate::{
    error::{StartError, WalError},
    wal::{FolderLock, Identity, keep_identities},
};

/// The writer number under which this log is committed, and the part of the log that each table contains.
pub struct Numbering {
    lake: Lake,
    lake_id: String,
    /// All writer numbers of this log, the current one last.
    identities: Vec<Identity>,
    kept_in: PathBuf,
    tables: HashMap<&'static str, Held>,
}

/// The part of this log that a table contains.
#[derive(Default)]
struct Held {
    /// The last position of that part.
    position: u64,
    /// The table's mark under the current number, which the next commit expects.
    mark: Option<WalMark>,
}

/// The marks of all writer numbers, by table.
type Marks = HashMap<&'static str, BTreeMap<u16, WalMark>>;

impl Numbering {
    /// Chooses the writer number for a log whose next position is `next`.
    ///
    /// The log keeps its last number in this lake, unless a table shows that another log commits under it. Rows of the
    /// log that are not committed yet are committed under the new number.
    ///
    /// # Errors
    /// Returns an error if the lake or the folder cannot be read or written.
    pub async fn open(
        lake: Lake,
        lock: &FolderLock,
        next: u64,
        place: &lakefront_lake::LakeLocation,
    ) -> Result<Self, StartError> {
        let of_lake = |source| StartError::Lake {
            place: place.to_string(),
            source: Box::new(source),
        };
        let mut numbering = Self {
            lake_id: lake.id().await.map_err(of_lake)?,
            identities: lock.identities()?,
            kept_in: lock.identities_path(),
            tables: HashMap::new(),
            lake,
        };
        let marks = numbering.marks().await.map_err(of_lake)?;
        let last_writer = numbering.lake.last_writer().await.map_err(of_lake)?;
        if !numbering.resume(next, &marks, last_writer) {
            // Writing first shows that the folder is writable, before one of the few numbers of the lake is taken.
            numbering.keep()?;
            numbering.take_number(next).await.map_err(of_lake)?;
        }
        numbering.keep()?;
        numbering.look(&marks, lock.released());
        Ok(numbering)
    }

    /// Begins a session under the log's last number in this lake. Returns false if no number can be used.
    fn resume(&mut self, next: u64, marks: &Marks, last_writer: i64) -> bool {
        let lake = &self.lake_id;
        let is_of_lake = |identity: &Identity| match &identity.lake {
            Some(of) => of == lake,
            // An earlier version did not keep the lake of a number. The number is of this lake if the lake has given it
            // out.
            None => i64::from(identity.writer) <= last_writer,
        };
        let Some(index) = self.identities.iter().rposition(is_of_lake) else {
            if let Some(identity) = self.identities.last() {
                tracing::warn!(
                    writer = identity.writer,
                    "the log was committed to another lake: it takes a new number here"
                );
            }
            return false;
        };
        let mut identity = self.identities[index].clone();
        identity.lake = Some(lake.clone());
        let of_number: Vec<WalMark> = marks
            .values()
            .filter_map(|marks| marks.get(&identity.writer))
            .cloned()
            .collect();
        identity.begin_session(next, &of_number);
        if !of_number.iter().all(|mark| identity.made(mark)) {
            tracing::warn!(
                writer = identity.writer,
                "another log was committed under this log's number, or the log lost its end: it takes a new number"
            );
            // Rows that its sessions committed still count.
            self.identities[index] = identity;
            return false;
        }
        self.identities.remove(index);
        self.identities.push(identity);
        true
    }

    async fn take_number(&mut self, next: u64) -> lakefront_lake::Result<()> {
        let mut identity = Identity {
            writer: self.lake.new_writer().await?,
            lake: Some(self.lake_id.clone()),
            sessions: Vec::new(),
        };
        identity.begin_session(next, &[]);
        self.identities.push(identity);
        Ok(())
    }

    fn keep(&self) -> Result<(), WalError> {
        keep_identities(&self.kept_in, &self.identities)
    }

    async fn marks(&self) -> lakefront_lake::Result<Marks> {
        let mut marks = Marks::new();
        for table in lakefront_otel::tables() {
            marks.insert(table.name, self.lake.wal_marks(table.name).await?);
        }
        Ok(marks)
    }

    /// Sets the position of each table from the marks of all numbers of this log. No position is below `released`.
    fn look(&mut self, marks: &Marks, released: u64) {
        for (table, marks) in marks {
            let held = self.tables.entry(table).or_default();
            let of_lake = self
                .identities
                .iter()
                .filter(|identity| identity.lake.as_ref() == Some(&self.lake_id));
            let committed =
                of_lake.filter_map(|identity| Some(identity.committed(marks.get(&identity.writer)?)));
            held.position = committed.fold(held.position.max(released), u64::max);
            let writer = self.identities.last().map(|identity| identity.writer);
            held.mark = writer.and_then(|writer| marks.get(&writer).cloned());
        }
    }

    /// Returns the current writer number.
    pub fn writer(&self) -> u16 {
        self.identities.last().map_or(0, |identity| identity.writer)
    }

    /// Returns two positions of this log: the last that all tables contain, and the last that any table contains.
    pub fn held(&self) -> (u64, u64) {
        let positions = || self.tables.values().map(|held| held.position);
        (positions().min().unwrap_or(0), positions().max().unwrap_or(0))
    }

    /// Returns the last position of this log that the table contains.
    pub fn committed(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |held| held.position)
    }

    /// Returns the log position that a commit of the table's rows up to `position` sets.
    pub fn position(&self, table: &str, position: u64) -> WalPosition {
        let identity = self.identities.last();
        WalPosition {
            writer: self.writer(),
            mark: identity
                .map(|identity| identity.mark(position))
                .unwrap_or_default(),
            after: self.tables.get(table).and_then(|held| held.mark.clone()),
        }
    }

    /// Records a successful commit.
    pub fn done(&mut self, table: &'static str, position: WalPosition) {
        let held = self.tables.entry(table).or_default();
        held.position = held.position.max(position.mark.position);
        if position.writer == self.identities.last().map_or(0, |identity| identity.writer) {
            held.mark = Some(position.mark);
        }
    }

    /// Takes a new number, because a copy of this log commits under `taken`. Does nothing if `taken` is no longer the
    /// current number.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be read or gives no number. Nothing has changed then.
    pub async fn renumber(&mut self, taken: u16) -> lakefront_lake::Result<()> {
        if taken != self.writer() {
            return Ok(());
        }
        let kept = |kept: Result<(), WalError>| {
            kept.map_err(|error| lakefront_lake::Error::Config(error.to_string()))
        };
        let marks = self.marks().await?;
        kept(self.keep())?;
        self.take_number(self.held().1 + 1).await?;
        if let Err(error) = kept(self.keep()) {
            self.identities.pop();
            return Err(error);
        }
        tracing::warn!(
            taken,
            writer = self.writer(),
            "another log is committed under this log's number, so its folder is a copy or was copied: this log goes on under a \
             new number"
        );
        self.look(&marks, 0);
        Ok(())
    }
}
