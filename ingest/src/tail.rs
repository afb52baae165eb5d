//! Live tails: a thread compares accepted requests with the searches of open tails.
//!
//! A request is handed over after it is durable. While no tail is open, that costs one atomic load. While one is open, a
//! request is never waited for: if the thread is behind, the tails miss it and are told how many rows it had.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use lakefront_api::Signal;
use lakefront_otel::decode;
use lakefront_tail::{Filter, Full, Hub, Listener};

use crate::{
    pipeline::{self, Columns},
    wal::{Header, Identity},
};

/// The most requests that wait for the thread.
const WAITING: usize = 1_024;
/// The most bytes of their bodies.
const WAITING_BYTES: usize = 16 << 20;

/// Work after which the thread rests for as long. It takes at most half of a processor from acknowledgements.
const WORK: Duration = Duration::from_millis(5);

/// The open tails of the server.
pub struct Tails {
    shared: Arc<Shared>,
    requests: SyncSender<Accepted>,
}

/// What the thread shares with the handlers.
struct Shared {
    started: Instant,
    is_open: AtomicBool,
    hub: Mutex<Hub>,
    waiting_bytes: AtomicUsize,
    /// The rows of logs and of traces that the thread did not get.
    missed: [AtomicU64; 2],
}

/// A request that was accepted.
struct Accepted {
    header: Header,
    body: Bytes,
    /// The writer number of the log.
    writer: u16,
}

impl Tails {
    /// Starts the thread. It ends when the value is dropped.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared {
            started: Instant::now(),
            is_open: AtomicBool::new(false),
            hub: Mutex::default(),
            waiting_bytes: AtomicUsize::new(0),
            missed: [AtomicU64::new(0), AtomicU64::new(0)],
        });
        let (requests, accepted) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("tail".into());
        let of_thread = Arc::clone(&shared);
        thread.spawn(move || of_thread.run(&accepted))?;
        Ok(Self { shared, requests })
    }

    /// Opens a tail.
    ///
    /// # Errors
    /// Returns an error if too many are open, or the server stops.
    pub fn open(&self, filter: Filter) -> Result<Listener, Full> {
        let mut hub = self.shared.hub();
        let listener = hub.open(filter, self.shared.started.elapsed())?;
        self.shared.is_open.store(true, Ordering::Relaxed);
        Ok(listener)
    }

    /// Returns the number of open tails.
    pub fn count(&self) -> usize {
        self.shared.hub().len()
    }

    /// Returns true if a tail is open, or was until a moment ago.
    pub fn are_open(&self) -> bool {
        self.shared.is_open.load(Ordering::Relaxed)
    }

    /// Hands over a request that is durable. `header` has its position.
    pub fn offer(&self, header: Header, body: Bytes, writer: u16) {
        let Some(signal) = signal(&header) else { return };
        let (rows, bytes) = (header.rows, body.len());
        let waiting = self.shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let accepted = Accepted { header, body, writer };
        if waiting + bytes > WAITING_BYTES || self.requests.try_send(accepted).is_err() {
            self.shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.shared.missed[signal as usize].fetch_add(rows.into(), Ordering::Relaxed);
        }
    }

    /// Ends all tails: the server stops.
    pub fn close(&self) {
        self.shared.hub().close();
    }
}

impl Shared {
    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, requests: &Receiver<Accepted>) {
        let mut columns = Columns::default();
        let mut worked = Duration::ZERO;
        let mut rested = Instant::now();
        while let Ok(accepted) = requests.recv() {
            worked = worked.saturating_sub(rested.elapsed());
            let begun = Instant::now();
            let bytes = accepted.body.len();
            self.compare(&mut columns, accepted);
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            worked += begun.elapsed();
            rested = Instant::now();
            if worked > WORK {
                std::thread::sleep(worked);
            }
        }
    }

    /// Compares the rows of a request with the filters of open tails.
    fn compare(&self, columns: &mut Columns, accepted: Accepted) {
        let Accepted { header, body, writer } = accepted;
        let mut filters = {
            let mut hub = self.hub();
            for signal in [Signal::Logs, Signal::Traces] {
                let missed = self.missed[signal as usize].swap(0, Ordering::Relaxed);
                if missed > 0 {
                    hub.miss(signal, missed);
                }
            }
            let filters = hub.filters();
            self.is_open.store(!filters.is_empty(), Ordering::Relaxed);
            filters
        };
        filters.retain(|filter| Some(filter.signal()) == signal(&header));
        if filters.is_empty() {
            return;
        }
        let Some(decoded) = pipeline::decode(&header, body) else {
            return;
        };
        let first = Identity::row_id(writer, header.position);
        let context = pipeline::context(&header);
        // A request that is too large for columns was refused.
        let appended = columns.append(&decoded.request, &context, first, decoded.column_bytes);
        drop(decoded);
        if appended.is_err() {
            return;
        }
        for (_, batch) in columns.finish() {
            for filter in &filters {
                let found = filter.find(&batch, true);
                self.hub().deliver(filter, &found, self.started.elapsed());
            }
        }
    }
}

/// Returns the signal of a request as searches name it. Metrics have no tails.
fn signal(header: &Header) -> Option<Signal> {
    match header.body.signal() {
        decode::Signal::Logs => Some(Signal::Logs),
        decode::Signal::Traces => Some(Signal::Traces),
        decode::Signal::Metrics => None,
    }
}
