//! The process of the chDB container: reads the configuration, starts the engine, serves requests and shuts down.

use std::fs::{File, TryLockError};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser as _;
use lakefront_chdb_container::access::{Access, Profile};
use lakefront_chdb_container::engine::{Engine, Tables};
use lakefront_chdb_container::http::{Authenticator, Draining};
use lakefront_chdb_container::lake::Lake;
use lakefront_chdb_container::{Config, http};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let filter = EnvFilter::try_from_env("LAKEFRONT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let stderr = std::io::stderr;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr)
        .init();
    let authenticator = authenticator(&config)?;
    let data_dir = config.data_dir.as_deref().map(DataDir::open).transpose()?;
    // The engine reads files only below the working directory; the lake's folder may appear later.
    match (&config.lake, &data_dir) {
        (Some(lake), _) => enter_folder("--lake", lake)?,
        (None, Some(data_dir)) => enter_folder("--data-dir", &data_dir.folder.join("user_files"))?,
        // The tables are on the object store, so the engine must find no files below its working directory.
        (None, None) if config.remote.is_configured() => {
            enter_folder("--catalog-uri", &std::env::temp_dir().join("lakefront-chdb"))?;
        }
        (None, None) => bail!("give --lake, --catalog-uri or --data-dir"),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let tables = match &data_dir {
        Some(data_dir) => Tables::Kept(&data_dir.folder),
        None if config.remote.is_configured() => {
            Tables::Lake(Lake::remote(config.remote.clone(), runtime.handle().clone()))
        }
        None => Tables::Lake(Lake::new(".")),
    };
    let engine = Engine::start(config.limits.clone(), tables)?;
    runtime.spawn(Arc::clone(&engine).refresh_lake_periodically(config.look_every));
    runtime.block_on(serve(&config, &engine, authenticator))?;
    // The engine's threads end only after every connection is closed. A refresh that hangs on the lake delays this by
    // at most 5 s.
    runtime.shutdown_timeout(Duration::from_secs(5));
    drop(engine);
    // An engine with MergeTree tables refuses to stop its threads, even idle ones (docs/adr/embedded-clickhouse.md).
    if data_dir.is_none()
        && let Err(error) = shutdown()
    {
        tracing::warn!(%error, "the engine's threads end with the process");
    }
    tracing::info!("ended");
    Ok(())
}

/// Stops the engine's threads. The engine refuses while a thread cleans up after a killed query, so this retries for up
/// to 2 s.
fn shutdown() -> Result<(), chdb_rust::error::Error> {
    let started = Instant::now();
    loop {
        match chdb_rust::runtime::shutdown() {
            Err(_) if started.elapsed() < Duration::from_secs(2) => {
                std::thread::sleep(Duration::from_millis(50));
            }
            ended => return ended,
        }
    }
}

/// Builds the check of a request's credentials and host from the configuration.
fn authenticator(config: &Config) -> anyhow::Result<Authenticator> {
    let is_local = config.listen.ip().is_loopback();
    let hosts = config.allowed_hosts.iter().cloned().collect();
    if config.data_dir.is_none() {
        if config.engine_secret.is_none() && !is_local {
            tracing::warn!(address = %config.listen, "anyone who reaches this address can read the lake: set LAKEFRONT_ENGINE_SECRET");
        }
        let secret = config.engine_secret.clone();
        let secret = secret.filter(|secret| !secret.expose_secret().is_empty());
        return Ok(Authenticator::lake(secret, Profile::lake(&config.limits), hosts));
    }
    let text = config.access.as_deref().map(std::fs::read_to_string).transpose();
    let text = text.with_context(|| format!("--access {:?}: the file can't be read", config.access))?;
    let access = Access::read(text.as_deref(), &config.limits, |variable| {
        std::env::var(variable).ok()
    })
    .context("--access")?;
    let open = access.without_password();
    if !open.is_empty() && !is_local {
        bail!(
            "--listen {}: users without a password ({}) are for loopback addresses alone: set the variables that the \
             access file names",
            config.listen,
            open.join(", ")
        );
    }
    Ok(Authenticator::users(access, hosts))
}

/// The folder of `--data-dir`, locked for this process.
struct DataDir {
    folder: PathBuf,
    /// The lock on `lakefront.lock`; the operating system releases the lock when the process ends, also after a kill.
    _lock: File,
}

impl DataDir {
    /// The time to wait for another process to release the folder.
    const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

    fn open(folder: &Path) -> anyhow::Result<Self> {
        let name = || format!("--data-dir {}", folder.display());
        std::fs::create_dir_all(folder).with_context(name)?;
        let folder = folder.canonicalize().with_context(name)?;
        let lock = File::create(folder.join("lakefront.lock")).with_context(name)?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { folder, _lock: lock }),
                // A process that was killed a moment ago may still be exiting.
                Err(TryLockError::WouldBlock) if started.elapsed() < Self::LOCK_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => bail!("{}: another process uses it", name()),
                Err(TryLockError::Error(error)) => return Err(error).with_context(name),
            }
        }
    }
}

/// Creates a folder and makes it the working directory. Errors name `flag`.
fn enter_folder(flag: &str, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .and_then(|()| std::env::set_current_dir(folder))
        .with_context(|| format!("{flag} {}: the folder can't be made or entered", folder.display()))
}

/// Serves requests until SIGTERM or SIGINT. Then running queries get `config.drain()` to finish, and new requests are
/// refused.
async fn serve(config: &Config, engine: &Arc<Engine>, authenticator: Authenticator) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("--listen {}: the address can't be used", config.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, version = engine.version(), "ready");
    let (ending, ended) = tokio::sync::watch::channel(());
    let draining = Draining::default();
    let app = http::router(Arc::clone(engine), authenticator, draining.clone());
    let running = Arc::clone(engine);
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        stopped().await;
        tracing::info!("ending: no new queries, running ones may finish");
        draining.begin();
        drop(ending);
        // Until then new connections are accepted, so that their requests are refused with a reason.
        running.drained().await;
    });
    let drain = config.drain();
    let bound = async move {
        let mut ended = ended;
        while ended.changed().await.is_ok() {}
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = async { server.await } => served?,
        () = bound => tracing::warn!(seconds = drain.as_secs(), "queries still run: they are stopped"),
    }
    engine.close().await;
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
async fn stopped() {
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(error) => {
                tracing::error!(%error, "a signal handler could not be set");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::interrupt()) => {}
    }
}
