//! A harness for tests that need several programs together: starts the real binaries, in temporary folders.
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! use lakefront_tests::Stack;
//!
//! let stack = Stack::start().await?;                    // ingest and chDB, ready, on free ports
//! stack.demo(&["--days", "1"]).await?;                  // the demo, until the engine sees all of it
//! stack.export("/v1/logs", vec![/* OTLP protobuf */]).await?;   // or any OTLP request; 200 or an error
//! stack.committed("otel_logs", 1_000).await?;           // waits until the lake holds so many rows
//! let now = "2026-03-30T00:00:00Z".parse()?;
//! let request = serde_json::from_str(r#"{"query":"top_errors","timeRange":"7d"}"#)?;
//! let answer = stack.query(&request, now).await?;       // a named query: resolve → plan → chDB
//! println!("{:?} {:?}", answer.columns, answer.rows);
//! let answer = stack.sql("SELECT count() FROM otel_logs").await?;
//! # Ok(()) }
//! ```
//!
//! - [`ClickHouse`] is a hot tier: embedded over a folder, or the server that `CLICKHOUSE_URL` names. [`Hot`] is an
//!   embedded one with raw tables and views, which is filled from the stack's lake without sync.
//! - The programs are taken from the folder `LAKEFRONT_BIN`, else from the folder in which cargo built the test. Build
//!   them first (`cargo xtask test` does):
//!   `cargo build -p lakefront-ingest -p lakefront-chdb-container -p lakefront-demo`.
//! - [`SyncProcess`] copies the lake into ClickHouse servers. [`Worker`] is the router on workerd, with the backends
//!   that its variables name.
//! - [`Pipelines`] stands in for Cloudflare Pipelines, by its documented limits and behaviour.
//! - All programs and folders are removed when the [`Stack`] is dropped. When a test panics, the programs' last lines
//!   are printed.
//! - [`Stack::lake`] is the place of the lake: a folder (`catalog.db`, `otel/<table>/…`), or with
//!   `LAKEFRONT_TEST_LAKE=s3` MinIO behind a REST catalog. Its environment configures Lakefront's programs, its
//!   properties pyiceberg. [`python`] runs a script with the interpreter that `LAKEFRONT_PYTHON` names, which has the
//!   packages of `tests/requirements.txt`.

mod clickhouse;
mod engine;
mod hot;
mod ingest;
mod lake_at;
mod log_rows;
mod minio;
mod nessie;
mod pipelines;
mod process;
mod python;
mod r2;
mod relay;
mod s3_lake;
mod sent;
mod stack;
mod sync_process;
mod tail;
mod taking_stream;
mod test_lake;
mod worker;

pub use clickhouse::ClickHouse;
pub use engine::Engine;
pub use hot::Hot;
pub use ingest::Ingest;
pub use lake_at::{LakeAt, data_files};
pub use log_rows::{append_logs, log_rows};
pub use nessie::Nessie;
pub use pipelines::{Pipelines, Taking};
pub use process::{Process, command, free_address};
pub use python::{checkout, python};
pub use r2::R2;
/// The HTTP client of [`Tail`].
pub use reqwest;

pub use relay::{Relay, Request, Treatment};
pub use s3_lake::S3Lake;
pub use sent::Sent;
pub use stack::Stack;
pub use sync_process::SyncProcess;
pub use tail::Tail;
pub use taking_stream::taking_streams;
pub use test_lake::TestLake;
pub use worker::Worker;
