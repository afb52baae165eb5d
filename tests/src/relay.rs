//! A relay between a program and a server that counts requests and fails on purpose.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that passes the relay.
#[derive(Debug)]
pub struct Request {
    /// The request line: `GET /path HTTP/1.1`.
    pub line: String,
    /// The lines of the headers.
    headers: Vec<String>,
    /// The body, as it is encoded on the wire.
    pub body: Vec<u8>,
}

impl Request {
    /// Creates a request from the lines of its head and its body.
    pub(crate) fn new(head: &str, body: Vec<u8>) -> Self {
        let mut lines = head.lines().map(str::to_owned);
        Self {
            line: lines.next().unwrap_or_default(),
            headers: lines.collect(),
            body,
        }
    }

    /// Returns the names and values of the headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.headers.iter().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name, value.trim()))
    }

    /// Returns the value of a header.
    fn header(&self, wanted: &str) -> Option<&str> {
        let mut headers = self.headers();
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(value)
    }

    /// Returns the length of the content: that which is signed, if the body is in signed chunks.
    pub fn content_length(&self) -> u64 {
        let length = |name: &str| self.header(name)?.parse().ok();
        let decoded = length("x-amz-decoded-content-length");
        decoded.or_else(|| length("content-length")).unwrap_or_default()
    }
}

/// A relay between a program and a server over HTTP/1.1, with one request per connection. The relay counts requests,
/// and fails on purpose.
#[derive(Debug)]
pub struct Relay {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// The treatment of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// The server gets the request, and the client gets the answer.
    Forward,
    /// The server does not get the request. The connection breaks.
    LoseRequest,
    /// The server gets the request after that time, and the client gets the answer.
    Late(Duration),
    /// The server gets the request. The connection breaks before the answer.
    LoseAnswer,
    /// The server gets the request twice, as from a gateway that retries. The client gets the second answer.
    Twice,
    /// The server does not get the request. The client gets this status and body.
    Answer(u16, &'static str),
}

impl Relay {
    /// Starts a relay to `url`. `treat` returns the treatment for a request line (`GET /path HTTP/1.1`).
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub async fn start(url: &str, treat: impl Fn(&str) -> Treatment + Send + Sync + 'static) -> Result<Self> {
        Self::start_waiting(url, move |request| std::future::ready(treat(&request.line))).await
    }

    /// Starts a relay to `url`. `treat` returns a future of the treatment, for which the request waits.
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub async fn start_waiting<F>(
        url: &str,
        treat: impl Fn(Request) -> F + Send + Sync + 'static,
    ) -> Result<Self>
    where
        F: Future<Output = Treatment> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let upstream = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let treat = Arc::new(treat);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, seen, treat) = (upstream.clone(), Arc::clone(&seen), Arc::clone(&treat));
                tokio::spawn(async move {
                    let treat = |request: Request| {
                        seen.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(request.line.clone());
                        treat(request)
                    };
                    // A broken connection is either the purpose of the test or its end.
                    let _ = relay(client, &upstream, treat).await;
                });
            }
        });
        Ok(Self {
            address,
            requests,
            task,
        })
    }

    /// Returns the relay's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the request lines since the last call.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay<F>(mut client: TcpStream, upstream: &str, treat: impl Fn(Request) -> F) -> io::Result<()>
where
    F: Future<Output = Treatment> + Send,
{
    let Some((head, body)) = read_request(&mut client).await? else {
        return Ok(());
    };
    let treatment = treat(Request::new(&head, body.clone())).await;
    match treatment {
        Treatment::LoseRequest => return Ok(()),
        Treatment::Answer(status, body) => {
            let length = body.len();
            let reply =
                format!("HTTP/1.1 {status} .\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            return client.write_all(reply.as_bytes()).await;
        }
        Treatment::Late(after) => tokio::time::sleep(after).await,
        Treatment::Forward | Treatment::LoseAnswer | Treatment::Twice => {}
    }
    // The header Host stays, because requests are signed with it. The relay closes its connection to the server after
    // each request.
    let lines = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut request: String = lines.flat_map(|line| [line, "\r\n"]).collect();
    request.push_str("connection: close\r\n\r\n");
    let ask = async || {
        let mut server = TcpStream::connect(upstream).await?;
        server.write_all(request.as_bytes()).await?;
        server.write_all(&body).await?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let mut answer = ask().await?;
    if treatment == Treatment::Twice {
        answer = ask().await?;
    }
    if treatment != Treatment::LoseAnswer {
        client.write_all(&answer).await?;
    }
    client.shutdown().await
}

/// Returns the head of a request, without the empty line after it, and the body.
async fn read_request(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let end = loop {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let request = Request::new(&head, Vec::new());
    let header = |name: &str| request.header(name);
    if header("expect").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        while !is_whole(&body) {
            if client.read_buf(&mut body).await? == 0 {
                return Ok(None);
            }
        }
        return Ok(Some((head, body)));
    }
    let length: usize = header("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    while body.len() < length {
        if client.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some((head, body)))
}

/// Returns true if `chunks` contains the last chunk of a body without trailers.
fn is_whole(chunks: &[u8]) -> bool {
    let mut rest = chunks;
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return false;
        };
        let size = std::str::from_utf8(&rest[..end]).ok();
        let Some(size) = size.and_then(|size| usize::from_str_radix(size, 16).ok()) else {
            return false;
        };
        let next = end + 2 + size + 2;
        if rest.len() < next {
            return false;
        }
        if size == 0 {
            return true;
        }
        rest = &rest[next..];
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_body_in_chunks_ends_with_an_empty_one() {
        assert!(is_whole(b"3\r\nabc\r\n0\r\n\r\n"));
        assert!(
            is_whole(b"7\r\n0\r\n\r\n..\r\n0\r\n\r\n"),
            "data that looks like an end"
        );
        for part in [&b""[..], b"3", b"3\r\nab", b"3\r\nabc\r\n", b"3\r\nabc\r\n0\r\n"] {
            assert!(!is_whole(part));
        }
    }
}
