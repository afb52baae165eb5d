use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// A relay between the Worker and an engine that measures an exchange: from the first byte of the request to the last of
/// the reply. It measures one exchange at a time.
#[derive(Clone, Default)]
pub struct Relay {
    exchange: Arc<Mutex<Exchange>>,
}

#[derive(Default)]
struct Exchange {
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Relay {
    /// Listens on a free port and forwards everything to `engine` (`127.0.0.1:port`). Returns its own address as a URL.
    pub async fn start(&self, engine: String) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let relay = self.clone();
        tokio::spawn(async move {
            while let Ok((asker, _)) = listener.accept().await {
                let (relay, engine) = (relay.clone(), engine.clone());
                tokio::spawn(async move {
                    if let Ok(answerer) = TcpStream::connect(engine).await {
                        relay.carry(asker, answerer).await;
                    }
                });
            }
        });
        Ok(url)
    }

    /// Returns the duration of the exchange since the last call.
    pub fn took(&self) -> Option<Duration> {
        let exchange = std::mem::take(&mut *self.exchange.lock().unwrap_or_else(PoisonError::into_inner));
        Some(exchange.last?.duration_since(exchange.first?))
    }

    async fn carry(&self, asker: TcpStream, answerer: TcpStream) {
        // Small packets must not wait for each other, or the relay would be what is measured.
        if asker.set_nodelay(true).is_err() || answerer.set_nodelay(true).is_err() {
            return;
        }
        let (from_asker, to_asker) = asker.into_split();
        let (from_answerer, to_answerer) = answerer.into_split();
        let asked = copy(from_asker, to_answerer, || {
            self.note(|exchange| exchange.first = exchange.first.or_else(|| Some(Instant::now())));
        });
        let answered = copy(from_answerer, to_asker, || {
            self.note(|exchange| exchange.last = Some(Instant::now()));
        });
        tokio::join!(asked, answered);
    }

    fn note(&self, change: impl FnOnce(&mut Exchange)) {
        change(&mut self.exchange.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Copies bytes until either side ends.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, seen: impl Fn()) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        seen();
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
