//! The chDB container's process: start, serve, end.

use std::io::IsTerminal as _;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use lakefront_chdb_container::engine::Engine;
use lakefront_chdb_container::lake::Lake;
use lakefront_chdb_container::{Config, http};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let stderr = std::io::stderr;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr)
        .init();
    // The engine reads files only below the working directory; the lake's folder may appear later.
    std::fs::create_dir_all(&config.lake)
        .and_then(|()| std::env::set_current_dir(&config.lake))
        .with_context(|| {
            format!(
                "--lake {}: the folder can't be made or entered",
                config.lake.display()
            )
        })?;
    let engine = Engine::start(config.limits.clone(), Lake::new("."))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&config, &engine))?;
    // Every connection has to be closed before the engine's threads can end.
    drop(runtime);
    drop(engine);
    // After a killed query the engine may refuse to shut down. It holds nothing that could be lost, and the process ends now.
    match chdb_rust::runtime::shutdown() {
        Ok(()) => tracing::info!("ended"),
        Err(error) => tracing::warn!(%error, "ended, the engine's threads with the process"),
    }
    Ok(())
}

async fn serve(config: &Config, engine: &Arc<Engine>) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("--listen {}: the address can't be used", config.listen))?;
    let address = listener.local_addr()?;
    if config.engine_secret.is_none() && !address.ip().is_loopback() {
        tracing::warn!(%address, "anyone who reaches this address can read the lake: set LAKEFRONT_ENGINE_SECRET");
    }
    tracing::info!(%address, version = engine.version(), "ready");
    let (ending, ended) = tokio::sync::watch::channel(());
    let app = http::router(Arc::clone(engine), config.engine_secret.clone());
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        stopped().await;
        tracing::info!("ending: no new queries, running ones may finish");
        drop(ending);
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

/// SIGTERM or SIGINT.
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
