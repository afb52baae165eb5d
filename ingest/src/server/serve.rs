//! Accepts connections, with limits on the connections of a sender and on the time for the head of a request.

use std::{
    collections::HashMap,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};
use tower_service::Service;

use super::body_bytes::network;
use crate::config::ServerConfig;

/// Time to wait after a connection could not be accepted, because file descriptors or memory were short.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// Serves until `stop` is ready, then waits for the running requests.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ServerConfig,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Connections {
        // Behind a proxy all connections have the proxy's address.
        limit: if config.trust_proxy > 0 {
            u32::MAX
        } else {
            config.max_connections_per_sender
        },
        open: Mutex::default(),
    });
    let (stopping, _) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection");
                    sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // A connection past the limit of its sender is closed.
        let Some(connection) = Connection::open(&connections, peer.ip()) else {
            continue;
        };
        let (router, stopping) = (router.clone(), stopping.subscribe());
        let head_timeout = config.head_timeout;
        tokio::spawn(async move {
            serve_connection(stream, peer, router, head_timeout, stopping).await;
            drop(connection);
        });
    }
    drop(listener);
    // Each connection holds a receiver, so that the channel is closed once all connections have ended.
    stopping.send_replace(());
    stopping.closed().await;
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_timeout: Duration,
    mut stopping: watch::Receiver<()>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        // An axum router is always ready.
        router.clone().call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

/// The number of open connections of each sender.
#[derive(Debug)]
struct Connections {
    limit: u32,
    open: Mutex<HashMap<IpAddr, u32>>,
}

/// An open connection. Dropping the value ends its count.
struct Connection {
    connections: Arc<Connections>,
    sender: IpAddr,
}

impl Connection {
    /// Counts a connection. Returns `None` if its sender has reached the limit.
    fn open(connections: &Arc<Connections>, peer: IpAddr) -> Option<Self> {
        let sender = network(peer);
        let mut open = connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(sender).or_insert(0);
        if *count >= connections.limit {
            return None;
        }
        *count += 1;
        Some(Self {
            connections: connections.clone(),
            sender,
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.sender) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.sender);
            }
        }
    }
}
