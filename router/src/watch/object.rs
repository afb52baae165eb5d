//! The Durable Object with the record of problems.

use worker::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use super::{Found, Notice, Record};
use crate::clock::Instant;
use crate::object::NamedObject;

const OBJECT: NamedObject = NamedObject {
    binding: "WATCH_RECORD",
    name: "watch",
};
const NOTE: &str = "/note";
const TOLD: &str = "/told";
/// The key of the record in the storage.
const RECORD: &str = "record";

/// Takes in all that one check has found. Returns the notices that nobody was told yet.
pub async fn note(env: &Env, found: &Found) -> Result<Vec<Notice>> {
    let body = serde_json::to_string(found)?;
    OBJECT.ask(env, NOTE, Some(body)).await?.json().await
}

/// Drops the notices up to one that somebody was told.
pub async fn told(env: &Env, last: u64) -> Result<()> {
    OBJECT.ask(env, TOLD, Some(last.to_string())).await.map(drop)
}

/// The Durable Object.
#[durable_object]
pub struct Watch {
    state: State,
}

impl DurableObject for Watch {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        let storage = self.state.storage();
        // The record is text: a record of another version is begun anew.
        let stored: Option<String> = storage.get(RECORD).await?;
        let before: Record = stored
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let mut record = before.clone();
        if request.path() == TOLD {
            record.told(body.parse().map_err(|_| "no number of a notice")?);
        } else {
            record.note(serde_json::from_str(&body)?, Instant::now().timestamp());
        }
        if record != before {
            storage.put(RECORD, serde_json::to_string(&record)?).await?;
        }
        Response::from_json(&record.notices())
    }
}
