//! Starts the parts of the server, runs them, and stops them in order.

use std::{future::Future, net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};

use lakefront_api::IngestFailure;
use lakefront_lake::{Lake, LakeConfig, LakeLocation};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    compaction::Compactor,
    config::{Config, GrpcListen},
    error::{StartError, WalError},
    fields::{self, Fields},
    keeper,
    metrics::Metrics,
    orphan_files,
    pipeline::{Numbering, Pipeline, Progress, Setup},
    retention,
    server::{AppState, Batches, BodyBytes, Budgets, DayKey, LastLoss, LastRefusal, router, serve},
    table_status,
    tail::Tails,
    time::now,
    usage,
    wal::{FolderLock, Options, Recovered, Space, Wal},
};

/// Largest segment file of the log, in bytes.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Time that running requests may take to end once the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Time between two writes of what keys have sent of their budgets.
const SAVE_BUDGETS: Duration = Duration::from_secs(10);

/// A server with an open log, an open lake and a bound address.
pub struct Ingest {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    grpc_address: Option<SocketAddr>,
    state: AppState,
    pipeline: Pipeline,
    wal_thread: JoinHandle<()>,
    stopping: watch::Sender<bool>,
    compactor: Compactor,
    /// The tasks that run now and then. They end when the value is dropped.
    periodic: JoinSet<()>,
    _lock: FolderLock,
}

impl Ingest {
    /// Opens the log and the lake, binds the addresses, and starts to commit the requests that the last process left in
    /// the log.
    ///
    /// # Errors
    /// Returns an error if settings contradict each other, the log or the lake cannot be opened, or an address is in
    /// use.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let folder = config.log.data.join("wal");
        let lock = FolderLock::acquire(&folder)?;
        let place = config.place();
        let of_lake = |source| StartError::Lake {
            place: place.to_string(),
            source: Box::new(source),
        };
        let lake = Lake::open(LakeConfig::at(place.clone())).await.map_err(of_lake)?;
        if let LakeLocation::Folder(lake_folder) = &place
            && lake_folder.to_string_lossy().contains('#')
        {
            tracing::warn!(
                folder = %lake_folder.display(),
                "pyiceberg and other readers end a path at `#` and do not find this lake; use a folder without `#`"
            );
        }
        let unfit = complete_tables(&lake).await;
        let recovered = Recovered::of(&folder)?;
        let next = recovered.next_position;
        let numbering = Numbering::open(lake.clone(), &lock, next, &place).await?;
        let metrics = Arc::new(Metrics::default());
        let limit = config.log.wal_limit.as_u64();
        let lake_folder = match &place {
            LakeLocation::Folder(folder) => Some(folder.as_path()),
            LakeLocation::RestCatalog(_) => None,
        };
        let reserve = config.log.disk_reserve.as_u64();
        let space = Space::new(&folder, lake_folder, reserve).map_err(|source| WalError::Io {
            doing: "measure the disk of",
            path: folder.clone(),
            source,
        })?;
        let options = Options {
            folder: folder.clone(),
            segment_bytes: space.segment_bytes(SEGMENT_BYTES.min(limit / 8)),
            limit,
            first_position: numbering.held().1 + 1,
            space,
        };
        let (wal, reader, wal_thread) = Wal::open(recovered, options, metrics.clone())?;
        let (stopping, watch_stopping) = watch::channel(false);
        let mut periodic = JoinSet::new();
        let orphan_files = orphan_files::start(&mut periodic, lake.clone());
        let fields = Arc::new(Fields::new(!config.server.usage_interval.is_zero()));
        let setup = Setup {
            lake: lake.clone(),
            numbering,
            unfit,
            config: config.commit.clone(),
            releaser: wal.releaser(),
            fields: fields.clone(),
            metrics: metrics.clone(),
            stopping: watch_stopping,
        };
        let (pipeline, progress) = Pipeline::start(setup, reader)?;
        let retention = retention::start(
            &mut periodic,
            lake.clone(),
            config.retention.keep_days.clone(),
            metrics.clone(),
        );
        let landing = keeper::start(
            &mut periodic,
            lake.clone(),
            place.clone(),
            &config.keeper,
            fields.clone(),
            metrics.clone(),
        )?;
        let compactor = Compactor::start(
            lake.clone(),
            &config.compaction,
            metrics.clone(),
            progress.clone(),
        );
        let changes = table_status::Changes {
            progress: progress.clone(),
            compaction: compactor.health(),
            orphan_files,
        };
        let settings = config.compaction.files.settings();
        let tables = table_status::start(&mut periodic, lake, settings, changes);
        let (listener, address) = listen(config.server.listen, "--listen, LAKEFRONT_INGEST_LISTEN").await?;
        let (mut listeners, mut grpc_address) = (vec![listener], None);
        if let GrpcListen::At(address) = config.server.grpc_listen {
            let setting = "--grpc-listen, LAKEFRONT_INGEST_GRPC_LISTEN; `off` for none";
            let (listener, address) = listen(address, setting).await?;
            listeners.push(listener);
            grpc_address = Some(address);
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let state = AppState {
            body_bytes: Arc::new(BodyBytes::new(
                config.server.max_in_flight.as_u64(),
                config.server.in_flight_per_sender(),
            )),
            batches: Arc::new(Batches::new(config.server.remember_batches)),
            last_loss: LastLoss::default(),
            decoded_bytes: Arc::new(Semaphore::new(AppState::MAX_DECODED_BYTES as usize)),
            tails: Arc::new(Tails::start().map_err(StartError::Thread)?),
            decoders: Arc::new(Semaphore::new(processors)),
            day_key: Arc::new(DayKey::open(&folder, config.visitors.clone())),
            allowed_hosts: Arc::new(config.server.allowed_hosts.iter().cloned().collect()),
            budgets: Arc::new(Budgets::open(&folder, config.server.key_budgets.clone())),
            fields,
            usage: Arc::new(usage::Counts::new(config.server.usage_interval)),
            config: Arc::new(config),
            wal,
            progress,
            compaction: compactor.health(),
            retention,
            tables,
            landing,
            metrics,
            rate: Arc::default(),
            last_refusal: LastRefusal::default(),
        };
        usage::start(&mut periodic, state.clone());
        fields::start(&mut periodic, state.clone());
        let budgets = state.budgets.clone();
        periodic.spawn(async move {
            loop {
                tokio::time::sleep(SAVE_BUDGETS).await;
                budgets.save();
            }
        });
        Ok(Self {
            listeners,
            address,
            grpc_address,
            state,
            pipeline,
            wal_thread,
            stopping,
            compactor,
            periodic,
            _lock: lock,
        })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of `--grpc-listen`, if there is one.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.grpc_address
    }

    /// Serves until `stop` is ready. Then ends the requests and commits everything that is in the log.
    ///
    /// # Errors
    /// Returns an error if the log is damaged, a thread ends early, or the lake cannot be written at the end. Requests
    /// that are not committed then are still in the log.
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), StartError> {
        let Self {
            listeners,
            state,
            pipeline,
            wal_thread,
            stopping,
            compactor,
            mut periodic,
            _lock,
            ..
        } = self;
        let wal = state.wal.clone();
        let (stopped, watch_stopped) = watch::channel(false);
        let server = serve(
            listeners,
            router(state.clone()),
            state.config.server.clone(),
            watch_stopped,
        );
        let mut server = tokio::spawn(server);
        tokio::select! {
            () = stop => {}
            () = ended(state.progress.clone()) => {}
            served = &mut server => {
                // The server has no other end than the stop.
                tracing::error!(?served, "the server ended");
                return Err(StartError::Panicked("server"));
            }
        }
        tracing::info!("stopping: committing what is in the log");
        wal.drain();
        stopped.send_replace(true);
        state.tails.close();
        let (served, ()) = tokio::join!(timeout(LAST_REQUESTS, server), compactor.stop());
        if served.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        // The task that writes them now and then holds a handle to the log.
        periodic.shutdown().await;
        usage::write(&state).await;
        fields::write_last(&state).await;
        state.budgets.save();
        stopping.send_replace(true);
        wal.close().await;
        let join = || {
            wal_thread.join().map_err(|_| StartError::Panicked("wal"))?;
            pipeline.join()
        };
        match tokio::task::spawn_blocking(join).await {
            Ok(result) => result,
            Err(_) => Err(StartError::Panicked("join")),
        }
    }
}

/// Adds the columns that tables of an older version lack. Returns the last failure.
///
/// The server starts in any case: rows wait in the log, and each attempt to commit them tries again.
async fn complete_tables(lake: &Lake) -> Option<IngestFailure> {
    let mut failure = None;
    for table in lakefront_otel::tables() {
        if let Err(error) = lake.add_missing_columns(table.name).await {
            tracing::error!(table = table.name, %error, "the table lacks columns that this version writes");
            failure = Some(IngestFailure {
                at: now(),
                table: table.name.to_owned(),
                message: error.to_string(),
            });
        }
    }
    failure
}

/// Listens on an address that a setting names. Also returns the address with its port, which may be 0 in the setting.
async fn listen(address: SocketAddr, setting: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let error = |source| StartError::Listen {
        address,
        setting,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    Ok((listener, bound))
}

/// Waits for the pipeline to end. Before the log is closed, the pipeline ends only by a failure.
async fn ended(mut progress: watch::Receiver<Progress>) {
    while progress.changed().await.is_ok() {}
}
