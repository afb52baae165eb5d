//! The Durable Object with the record of problems.

use worker::wasm_bindgen::{self, JsValue};
use worker::{DurableObject, Env, Method, Request, RequestInit, Response, Result, State, durable_object};

use super::{Found, Notice, Record};
use crate::clock::Instant;

/// The binding of the object's namespace.
const BINDING: &str = "WATCH_RECORD";
/// The name of the one object.
const OBJECT_NAME: &str = "watch";
/// The host of its addresses, which only the binding routes.
const HOST: &str = "http://watch.object";
const NOTE: &str = "/note";
const TOLD: &str = "/told";
/// The key of the record in the storage.
const RECORD: &str = "record";

/// Takes in all that one check has found. Returns the notices that nobody was told yet.
pub async fn note(env: &Env, found: &Found) -> Result<Vec<Notice>> {
    call(env, NOTE, serde_json::to_string(found)?).await?.json().await
}

/// Drops the notices up to one that somebody was told.
pub async fn told(env: &Env, last: u64) -> Result<()> {
    call(env, TOLD, last.to_string()).await.map(drop)
}

async fn call(env: &Env, path: &str, body: String) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from_str(&body)));
    let request = Request::new_with_init(&format!("{HOST}{path}"), &init)?;
    let object = env.durable_object(BINDING)?.get_by_name(OBJECT_NAME)?;
    let answer = object.fetch_with_request(request).await?;
    match answer.status_code() {
        200..=299 => Ok(answer),
        status => Err(format!("the object answers with status {status}").into()),
    }
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
