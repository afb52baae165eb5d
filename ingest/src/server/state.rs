//! The state that the handlers share.

use std::sync::Arc;

use lakefront_api::{IngestCompaction, IngestLanding, IngestRetention, TableStatus};
use lakefront_hosts::AllowedHosts;
use tokio::sync::{Semaphore, watch};

use super::{Batches, BodyBytes, Budgets, DayKey, LastLoss, LastRefusal};
use crate::{
    config::Config,
    fields::Fields,
    metrics::Metrics,
    pipeline::{Progress, Queued},
    rate::Rate,
    tail::Tails,
    usage::Counts,
    wal::Wal,
};

/// The state that the handlers share.
#[derive(Clone)]
pub struct AppState {
    /// Configuration.
    pub config: Arc<Config>,
    /// Host names under which `/health` and `/metrics` are answered without a key.
    pub allowed_hosts: Arc<AllowedHosts>,
    /// The write-ahead log.
    pub wal: Wal<Queued>,
    /// How far the pipeline has committed.
    pub progress: watch::Receiver<Progress>,
    /// The compaction of the lake.
    pub compaction: watch::Receiver<IngestCompaction>,
    /// The retention of the lake.
    pub retention: watch::Receiver<IngestRetention>,
    /// The status of the lake's tables.
    pub tables: watch::Receiver<Vec<TableStatus>>,
    /// The rows that landed through Cloudflare Pipelines.
    pub landing: watch::Receiver<IngestLanding>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// The counts of fields.
    pub fields: Arc<Fields>,
    /// The counts of what senders sent.
    pub usage: Arc<Counts>,
    /// Accepted records per second.
    pub rate: Arc<Rate>,
    /// The last request that was refused.
    pub last_refusal: LastRefusal,
    /// The last request that lost records or values.
    pub last_loss: LastLoss,
    /// The requests that were accepted recently.
    pub batches: Arc<Batches>,
    /// The key of the day's pseudonyms.
    pub day_key: Arc<DayKey>,
    /// The bytes that each key with a budget has sent today.
    pub budgets: Arc<Budgets>,
    /// The bytes that request bodies may take in memory.
    pub body_bytes: Arc<BodyBytes>,
    /// The open tails.
    pub tails: Arc<Tails>,
    /// One permit per byte of decoded requests that may wait for the tables.
    pub decoded_bytes: Arc<Semaphore>,
    /// One permit per request that may be decoded at once.
    pub decoders: Arc<Semaphore>,
}

impl AppState {
    /// Bytes of decoded requests that may wait for the tables.
    pub const MAX_DECODED_BYTES: u32 = 32 << 20;
}
