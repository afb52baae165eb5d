//! A server inside of the test process, and bodies to send to it.

use std::{io::Write, path::Path};

use clap::Parser;
use lakefront_ingest::{Ingest, config::Config};
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::support::now_nanos;

pub const PROTOBUF: &str = "application/x-protobuf";
pub const JSON: &str = "application/json";

/// A server inside of the test process.
pub struct Running {
    pub url: String,
    /// The address of `--grpc-listen`.
    pub grpc_url: String,
    pub client: Client,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), lakefront_ingest::error::StartError>>,
}

impl Running {
    pub async fn start(data: &Path, flags: &[&str]) -> Self {
        let data = data.to_str().expect("a path in UTF-8");
        let any = "127.0.0.1:0";
        let fixed = [
            "lakefront-ingest",
            "--listen",
            any,
            "--grpc-listen",
            any,
            "--data",
            data,
        ];
        // Most tests count rows.
        let usage: &[&str] = match flags.contains(&"--usage-interval") {
            true => &[],
            false => &["--usage-interval", "0s"],
        };
        let config = Config::parse_from(fixed.iter().chain(flags).chain(usage));
        let ingest = Ingest::start(config).await.expect("it starts");
        let (stop, stopped) = oneshot::channel();
        Self {
            url: format!("http://{}", ingest.address()),
            grpc_url: format!("http://{}", ingest.grpc_address().expect("an address")),
            client: Client::new(),
            stop,
            server: tokio::spawn(ingest.run_until(async {
                let _ = stopped.await;
            })),
        }
    }

    /// Returns the body of `GET` on a path.
    pub async fn get(&self, path: &str) -> String {
        let response = self.client.get(format!("{}{path}", self.url)).send().await;
        response.expect("an answer").text().await.expect("text")
    }

    pub fn post(&self, path: &str, content_type: &str) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.url))
            .header("content-type", content_type)
    }

    pub async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.server.await.expect("no panic").expect("a clean end");
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("compressed");
    encoder.finish().expect("compressed")
}

/// Returns a JSON request with one log record.
pub fn json_logs(body: &str) -> Vec<u8> {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"timeUnixNano": now_nanos().to_string(), "body": {"stringValue": body}}
    ]}]}]})
    .to_string()
    .into_bytes()
}
