//! The appending side of the log: one thread writes the requests that have gathered, syncs once, then answers them all.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Instant,
};

use bytes::Bytes;
use bytesize::ByteSize;
use lakefront_lake::files;
use tokio::sync::{mpsc, oneshot};

use super::{
    Backlog, Checkpoint, Header, Location, Reader, frame, segment,
    shared::{Decoded, LogState, Releaser, Shared},
    space::{FreeSpace, Space},
};
use crate::{error::WalError, metrics::Metrics};

/// Bytes of one group, that is of one write and sync. A larger group would only lengthen every wait.
const GROUP_BYTES: usize = 8 << 20;

/// The place and the size limits of a log.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the segments.
    pub folder: PathBuf,
    /// Bytes at which a segment is closed.
    pub segment_bytes: u64,
    /// Bytes of all segments at which appends are refused.
    pub limit: u64,
    /// The least position that the log gives to a row. The lake contains rows of this writer below it.
    pub first_position: u64,
    /// The free space of the folder's disk.
    pub space: Space,
}

/// The content of a log's folder after a restart.
#[derive(Debug)]
pub struct Recovered {
    /// First free position after the rows in the segments.
    pub next_position: u64,
    segments: BTreeMap<u64, u64>,
}

impl Recovered {
    /// Reads the segments of a folder and cuts off a last frame that a crash tore.
    pub fn of(folder: &Path) -> Result<Self, WalError> {
        recover(folder).map_err(|source| WalError::Io {
            doing: "recover",
            path: folder.to_owned(),
            source,
        })
    }

    /// Returns the length of each segment in bytes, by its number.
    pub fn segments(&self) -> &BTreeMap<u64, u64> {
        &self.segments
    }

    /// Returns true if a segment has requests.
    pub fn has_requests(&self) -> bool {
        self.segments.values().any(|length| *length > segment::HEAD)
    }
}

/// A request to append.
pub struct Append<T> {
    /// The header. The log fills in the position.
    pub header: Header,
    /// The body as received.
    pub body: Bytes,
    /// The decoded request for the reader. Without it, the reader decodes the body from disk.
    pub decoded: Option<T>,
    /// Receives the last position once the request is durable.
    pub done: oneshot::Sender<Result<u64, WalError>>,
}

enum Message<T> {
    Append(Append<T>),
    /// Refuses further appends. Appends that were sent before are still written.
    Close,
}

/// A handle to a log.
pub struct Wal<T> {
    shared: Arc<Shared<T>>,
    sender: mpsc::Sender<Message<T>>,
    limit: u64,
    space: Space,
}

impl<T> Clone for Wal<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            sender: self.sender.clone(),
            limit: self.limit,
            space: self.space.clone(),
        }
    }
}

impl<T: Send + 'static> Wal<T> {
    /// Opens a log and starts its thread, which ends with the last handle.
    ///
    /// # Errors
    /// Returns an error if no segment can be created, or the thread cannot be started.
    pub fn open(
        recovered: Recovered,
        options: Options,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, Reader<T>, JoinHandle<()>), WalError> {
        let folder = options.folder.clone();
        let failed = |doing, source| WalError::Io {
            doing,
            path: folder.clone(),
            source,
        };
        let mut segments = recovered.segments;
        let next_position = recovered.next_position.max(options.first_position);
        let number = segments.last_key_value().map_or(1, |(&number, _)| number + 1);
        let file = segment::create(&folder, number, next_position)
            .map_err(|source| failed("create a segment in", source))?;
        segments.insert(number, segment::HEAD);
        let start = Location {
            segment: segments.first_key_value().map_or(number, |(&number, _)| number),
            offset: segment::HEAD,
        };
        let shared = Arc::new(Shared::new(
            folder.clone(),
            LogState {
                durable: Location {
                    segment: number,
                    offset: segment::HEAD,
                },
                next_position,
                segments,
                decoded: VecDeque::new(),
                checkpoint: Checkpoint {
                    location: start,
                    position: options.first_position - 1,
                },
                rewind: false,
                draining: false,
                closed: false,
            },
        ));
        let (sender, receiver) = mpsc::channel(1024);
        let writer = Writer {
            shared: shared.clone(),
            active: Some(Active {
                number,
                file,
                end: segment::HEAD,
            }),
            uncut: None,
            next_number: number + 1,
            next_position,
            buffer: Vec::new(),
            options: options.clone(),
            metrics,
        };
        let thread = std::thread::Builder::new()
            .name("wal".into())
            .spawn(move || writer.run(receiver))
            .map_err(|source| failed("start the thread of", source))?;
        let wal = Self {
            shared: shared.clone(),
            sender,
            limit: options.limit,
            space: options.space,
        };
        Ok((wal, Reader::new(shared, start), thread))
    }

    /// Appends a request. The result comes through [`Append::done`].
    ///
    /// # Errors
    /// Returns an error if the log is closed.
    pub async fn append(&self, append: Append<T>) -> Result<(), WalError> {
        let sent = self.sender.send(Message::Append(append)).await;
        sent.map_err(|_| WalError::Closed)
    }

    /// Makes the reader hand on the requests that it has, without waiting for more.
    pub fn drain(&self) {
        self.shared.lock().draining = true;
        self.shared.notify();
    }

    /// Refuses further appends. The reader ends once it has read all earlier ones.
    pub async fn close(&self) {
        // If the thread has ended, the log is closed already.
        let _ = self.sender.send(Message::Close).await;
    }

    /// Returns the handle that deletes segments of this log.
    pub fn releaser(&self) -> Releaser<T> {
        Releaser(self.shared.clone())
    }

    /// Returns the size of the log's part that is not in the lake.
    pub fn backlog(&self) -> Backlog {
        self.shared.backlog()
    }

    /// Returns the reason for which a request may not fit. The log is close to its limit, or its disk has only the
    /// space that commits need.
    pub fn refusal(&self) -> Option<WalError> {
        let backlog = self.backlog();
        if backlog.disk_bytes >= self.limit - self.limit / 16 {
            return Some(WalError::Full);
        }
        let space = self.space.free_space(backlog.bytes);
        (!space.takes_requests()).then(|| no_room(space))
    }
}

fn no_room(space: FreeSpace) -> WalError {
    WalError::NoRoom {
        free: ByteSize(space.free),
        kept: ByteSize(space.kept),
    }
}

/// Lists the segments, and cuts the last one after its last intact frame. The bytes that are cut off are set aside.
fn recover(folder: &Path) -> io::Result<Recovered> {
    let mut segments = BTreeMap::new();
    for number in segment::list(folder)? {
        segments.insert(number, fs::metadata(segment::path(folder, number))?.len());
    }
    let mut next_position = 1;
    while let Some((&number, &length)) = segments.last_key_value() {
        let path = segment::path(folder, number);
        let file = File::options().read(true).write(true).open(&path)?;
        if let Some(intact) = segment::scan(&file)? {
            if intact.end < length {
                set_aside(&path, &file, intact.end)?;
                file.set_len(intact.end)?;
                file.sync_all()?;
            }
            segments.insert(number, intact.end);
            next_position = intact.next_position;
            break;
        }
        if length > segment::HEAD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is not a segment of this log", path.display()),
            ));
        }
        // The process ended while it created the segment. No request in it was acknowledged.
        fs::remove_file(&path)?;
        segments.remove(&number);
    }
    Ok(Recovered {
        next_position,
        segments,
    })
}

/// Copies the bytes after the last intact frame of a segment to a file beside it, unless all of them are zero.
///
/// A crash tears the last frame, which was not acknowledged then. A disk may also damage an acknowledged frame that
/// other frames follow.
fn set_aside(path: &Path, segment: &File, from: u64) -> io::Result<()> {
    let mut rest = Vec::new();
    let mut reader = segment;
    reader.seek(SeekFrom::Start(from))?;
    reader.read_to_end(&mut rest)?;
    if rest.iter().all(|byte| *byte == 0) {
        tracing::warn!(path = %path.display(), bytes = rest.len(), "cut zeros off the end of the log");
        return Ok(());
    }
    let (aside, mut file) = create_aside(path)?;
    file.write_all(&rest)?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), files::sync_folder)?;
    let (path, bytes, aside) = (path.display(), rest.len(), aside.display());
    match frame::find(&rest) {
        Some(offset) => tracing::error!(
            %path,
            bytes,
            %aside,
            "the log is damaged at byte {from}: acknowledged requests from byte {} on are not committed and are set aside",
            from + offset as u64,
        ),
        None => tracing::warn!(
            %path,
            bytes,
            %aside,
            "cut a torn frame off the end of the log and set it aside; it was not acknowledged, unless the disk damaged it later"
        ),
    }
    Ok(())
}

fn create_aside(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut count = 1;
    loop {
        let aside = path.with_extension(format!("aside-{count}"));
        match File::create_new(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => count += 1,
            created => return Ok((aside, created?)),
        }
    }
}

struct Active {
    number: u64,
    file: File,
    end: u64,
}

struct Writer<T> {
    shared: Arc<Shared<T>>,
    /// The current segment. `None` after a failed write: the next group starts a new segment.
    active: Option<Active>,
    /// A segment from which the bytes of a failed write must still be cut off.
    uncut: Option<Active>,
    next_number: u64,
    next_position: u64,
    buffer: Vec<u8>,
    options: Options,
    metrics: Arc<Metrics>,
}

/// An append with the offsets of its frame.
struct Placed<T> {
    append: Append<T>,
    start: u64,
    end: u64,
}

impl<T> Writer<T> {
    fn run(mut self, mut receiver: mpsc::Receiver<Message<T>>) {
        while let Some(first) = receiver.blocking_recv() {
            let mut group = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Append(append) => {
                        bytes += append.body.len();
                        group.push(append);
                    }
                    Message::Close => receiver.close(),
                }
                if bytes < GROUP_BYTES {
                    next = receiver.try_recv().ok();
                }
            }
            if !group.is_empty() {
                self.write(group);
            }
        }
        self.shared.lock().closed = true;
        self.shared.notify();
    }

    /// Writes a group, syncs it and answers every request in it.
    fn write(&mut self, group: Vec<Append<T>>) {
        let backlog = self.shared.backlog();
        let space = self.options.space.free_space(backlog.bytes);
        let mut active = match self.active() {
            Ok(active) => active,
            Err(error) => return self.refuse(group, &error),
        };
        self.buffer.clear();
        let mut placed: Vec<Placed<T>> = Vec::with_capacity(group.len());
        for mut append in group {
            let bound = self.buffer.len() as u64 + frame::length_bound(&append.header, &append.body);
            let refusal = if backlog.disk_bytes + bound > self.options.limit {
                Some(WalError::Full)
            } else {
                (!space.fits(bound)).then(|| no_room(space))
            };
            if let Some(refusal) = refusal {
                // The receiver is gone if the client disconnected.
                let _ = append.done.send(Err(refusal));
                continue;
            }
            append.header.position = self.next_position;
            let start = active.end + self.buffer.len() as u64;
            frame::encode(&mut self.buffer, &append.header, &append.body);
            let end = active.end + self.buffer.len() as u64;
            self.next_position = append.header.last_position() + 1;
            placed.push(Placed { append, start, end });
        }
        if placed.is_empty() {
            self.active = Some(active);
            return;
        }
        let started = Instant::now();
        let written = active
            .file
            .write_all_at(&self.buffer, active.end)
            .and_then(|()| active.file.sync_data());
        self.metrics.fsync.observe(started.elapsed().as_secs_f64());
        self.metrics.wal_bytes.inc_by(self.buffer.len() as u64);
        match written {
            Ok(()) => {
                active.end += self.buffer.len() as u64;
                self.publish(placed, &active);
                self.active = Some(active);
            }
            Err(error) => {
                // Cut at once, because a commit needs the space. If the cut fails too, the next segment waits for it.
                if let Err(error) = self.cut(active) {
                    tracing::error!(%error, "cutting off what a failed write left in the log");
                }
                self.refuse(placed.into_iter().map(|placed| placed.append), &error);
            }
        }
    }

    /// Returns the segment to write to: a new one if the last is long enough or failed.
    fn active(&mut self) -> io::Result<Active> {
        if let Some(active) = self
            .active
            .take_if(|active| active.end < self.options.segment_bytes)
        {
            return Ok(active);
        }
        if let Some(uncut) = self.uncut.take() {
            self.cut(uncut)?;
        }
        let number = self.next_number;
        self.next_number += 1;
        let file = segment::create(&self.shared.folder, number, self.next_position)?;
        let mut state = self.shared.lock();
        state.segments.insert(number, segment::HEAD);
        state.durable = Location {
            segment: number,
            offset: segment::HEAD,
        };
        Ok(Active {
            number,
            file,
            end: segment::HEAD,
        })
    }

    /// Hands durable requests to the reader and answers their senders.
    fn publish(&self, placed: Vec<Placed<T>>, active: &Active) {
        let at = |offset| Location {
            segment: active.number,
            offset,
        };
        let mut answers = Vec::with_capacity(placed.len());
        {
            let mut state = self.shared.lock();
            for Placed { append, start, end } in placed {
                answers.push((append.done, append.header.last_position()));
                if let Some(request) = append.decoded {
                    state.decoded.push_back(Decoded {
                        start: at(start),
                        end: at(end),
                        header: append.header,
                        request,
                    });
                }
            }
            state.durable = at(active.end);
            state.next_position = self.next_position;
            state.segments.insert(active.number, active.end);
        }
        self.shared.notify();
        for (done, position) in answers {
            let _ = done.send(Ok(position));
        }
    }

    /// Cuts off the bytes of a failed write, so that a replay finds no refused request.
    fn cut(&mut self, segment: Active) -> io::Result<()> {
        let cut = segment
            .file
            .set_len(segment.end)
            .and_then(|()| segment.file.sync_all());
        if cut.is_err() {
            self.uncut = Some(segment);
        }
        cut
    }

    fn refuse(&self, group: impl IntoIterator<Item = Append<T>>, error: &io::Error) {
        tracing::error!(%error, folder = %self.shared.folder.display(), "appending to the log");
        for append in group {
            let _ = append.done.send(Err(WalError::Append(error.to_string())));
        }
    }
}
