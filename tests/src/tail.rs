//! A reader of live tails.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::{RequestBuilder, Response, header};
use serde_json::Value;
use tokio::time::timeout;

/// An open tail of ingest or of the router.
#[derive(Debug)]
pub struct Tail {
    response: Response,
    read: Vec<u8>,
}

impl Tail {
    /// Opens a tail and waits for its first event, the counts.
    ///
    /// # Errors
    /// Returns an error if the answer is no stream that begins with counts of 0.
    pub async fn open(request: RequestBuilder) -> Result<Self> {
        let response = request.send().await?;
        let status = response.status();
        ensure!(status.is_success(), "{status}: {}", response.text().await?);
        ensure!(response.headers()[header::CONTENT_TYPE] == "text/event-stream");
        let mut tail = Self {
            response,
            read: Vec::new(),
        };
        let (event, counts) = tail.next().await?.context("the tail ended")?;
        ensure!(event == "counts" && counts["matched"] == 0, "{event}: {counts}");
        Ok(tail)
    }

    /// Returns the next event with its data, or `None` at the end of the stream.
    ///
    /// # Errors
    /// Returns an error if there is none within 20 s, or it is no event of a tail.
    pub async fn next(&mut self) -> Result<Option<(String, Value)>> {
        timeout(Duration::from_secs(20), self.event())
            .await
            .context("no event for 20 s")?
    }

    async fn event(&mut self) -> Result<Option<(String, Value)>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|bytes| bytes == b"\n\n") {
                let event = String::from_utf8(self.read.drain(..end + 2).collect())?;
                if event.starts_with(':') {
                    continue;
                }
                let (name, data) = event.trim_end().split_once('\n').context("no data")?;
                let name = name.strip_prefix("event: ").context("no name")?;
                let data = data.strip_prefix("data: ").context("no data")?;
                return Ok(Some((name.to_owned(), serde_json::from_str(data)?)));
            }
            // A connection that is closed ends the tail too.
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.read.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return Ok(None),
            }
        }
    }

    /// Returns the next row.
    ///
    /// # Errors
    /// Returns an error if none comes.
    pub async fn row(&mut self) -> Result<Value> {
        loop {
            let (event, data) = self.next().await?.context("the tail ended")?;
            if event == "row" {
                return Ok(data);
            }
        }
    }

    /// Reads until each of so many accepted rows was matched or not compared. Returns the number of rows that came, and
    /// of those that the tail was told it does not get.
    ///
    /// # Errors
    /// Returns an error if the counts do not add up to it.
    pub async fn until_counted(&mut self, accepted: u64) -> Result<(u64, u64)> {
        let mut came = 0;
        loop {
            let (event, data) = self.next().await?.context("the tail ended")?;
            let count = |name: &str| data[name].as_u64().unwrap_or_default();
            if event == "row" {
                came += 1;
            } else if count("matched") + count("unseen") == accepted {
                let lost = count("dropped") + count("unseen");
                // Rows that were waiting come after the counts.
                while came + lost < accepted {
                    self.row().await?;
                    came += 1;
                }
                return Ok((came, lost));
            }
        }
    }
}
