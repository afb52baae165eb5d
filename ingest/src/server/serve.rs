//! Accepts connections, with limits on the connections of a sender and on the time without a request. A connection
//! speaks HTTP/1.1 or, as gRPC does, HTTP/2; its first bytes tell which.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use futures::future::join_all;
use http_body_util::BodyExt;
use hyper::{
    body::{Body as _, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tower_service::Service;

use super::body_bytes::network;
use crate::config::ServerConfig;

/// Time to wait after a connection could not be accepted, because file descriptors or memory were short.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// Requests that an HTTP/2 connection may have at once; clients send further ones later.
const STREAMS: u32 = 64;

/// Most bytes of the headers of an HTTP/2 request. Together with [`STREAMS`], a connection holds as many bytes of headers
/// as one of HTTP/1.1.
const HEADERS: u32 = 8 << 10;

/// Bytes of bodies that an HTTP/2 client may send before the server reads them: of one request, and of a connection.
/// Bodies that are read count for `--max-in-flight`, and these do not.
const WINDOWS: (u32, u32) = (128 << 10, 256 << 10);

/// Time without a byte from an HTTP/2 client after which it is asked for one, and time for its answer.
const ALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(20));

/// Serves until `stopped` is true, then waits for the running requests.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    config: ServerConfig,
    stopped: watch::Receiver<bool>,
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
    let accepting = listeners.into_iter().map(async |listener| {
        let mut stopped = stopped.clone();
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
                () = stop(&mut stopped) => break,
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
    });
    join_all(accepting).await;
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
    let (running, mut watch_running) = watch::channel(0);
    let running = Arc::new(running);
    let service = service_fn(move |request: Request<Incoming>| {
        let running = Running::begin(running.clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        // An axum router is always ready.
        let answer = router.clone().call(request);
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| match body.size_hint().exact() {
                Some(_) => body,
                // A stream, such as that of a tail, runs until its end.
                None => Body::new(body.map_frame(move |frame| {
                    let _ = &running;
                    frame
                })),
            }))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .keep_alive_interval(ALIVE.0)
        .keep_alive_timeout(ALIVE.1);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut ending = false;
    let ended = loop {
        tokio::select! {
            ended = &mut connection => break ended,
            _ = stopping.changed() => {}
            () = idle(&mut watch_running, head_timeout) => {
                if ending {
                    tracing::debug!(%peer, "a connection did not end by itself");
                    return;
                }
            }
        }
        // A client is told to send no further request. Running ones end first.
        connection.as_mut().graceful_shutdown();
        ending = true;
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

/// Waits until the server stops.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    // The error means that the sender was dropped, which is a stop too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Waits until a connection has had no running request for `time`.
async fn idle(running: &mut watch::Receiver<u32>, time: Duration) {
    loop {
        // The channel is open as long as the connection.
        if running.wait_for(|running| *running == 0).await.is_err() {
            return;
        }
        if timeout(time, running.changed()).await.is_err() {
            return;
        }
    }
}

/// A running request of a connection. Dropping the value ends its count.
struct Running(Arc<watch::Sender<u32>>);

impl Running {
    fn begin(running: Arc<watch::Sender<u32>>) -> Self {
        running.send_modify(|running| *running += 1);
        Self(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
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
