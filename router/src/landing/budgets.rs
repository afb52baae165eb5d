//! The budgets of keys, over all isolates.
//!
//! An isolate counts what it took, and tells a Durable Object after `USAGE_SECONDS`. The object adds up what all isolates told it, and
//! answers with that. Each isolate thus takes up to so many seconds of traffic beyond a budget.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lakefront_otlp::SentToday;
use worker::wasm_bindgen;
use worker::{Context, DurableObject, Env, Request, Response, Result, State, console_error, durable_object};

use super::Refusal;
use crate::clock::Instant;
use crate::config::Landing;
use crate::object::NamedObject;
use crate::timer::{Timer, within};

const OBJECT: NamedObject = NamedObject {
    binding: "KEY_BUDGETS",
    name: "budgets",
};
/// The key of the counts in the object's storage.
const SENT: &str = "sent";
/// The time after which an isolate reports, where `USAGE_SECONDS` is 0.
const REPORT: Duration = Duration::from_secs(20);
/// The time after which a report that was to come is presumed lost.
const LOST: Duration = Duration::from_secs(40);
/// The time after which an isolate that sent no report asks before it takes a request.
const OLD: Duration = Duration::from_secs(60);
/// The longest time to wait for the object. A request is taken without its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The counts that this isolate knows.
static KNOWN: Mutex<Known> = Mutex::new(Known {
    all: SentToday::new(),
    own: SentToday::new(),
    asked: None,
    reporting: None,
});

struct Known {
    /// The counts of all isolates, as the object answered.
    all: SentToday,
    /// The counts that the object does not have yet.
    own: SentToday,
    /// The time at which the object was asked.
    asked: Option<Instant>,
    /// The time at which a task began that reports.
    reporting: Option<Instant>,
}

/// Returns a refusal if the key has no budget left. An isolate that knows nothing, or nothing new, asks the object first.
pub async fn check(landing: &Landing, env: &Env, key: &str, now: i64) -> Result<(), Refusal> {
    if landing.key_budgets.of(key).is_none() {
        return Ok(());
    }
    let is_old = known().asked.is_none_or(|asked| asked.elapsed() >= OLD);
    if is_old {
        report(env).await;
    }
    let known = known();
    match landing.key_budgets.exhausted(key, &[&known.all, &known.own], now) {
        Some(exhausted) => Err(Refusal::Budget(exhausted)),
        None => Ok(()),
    }
}

/// Counts bytes that were taken. A task of the first of them reports all of them.
pub fn add(landing: &Landing, env: &Env, context: &Context, key: &str, bytes: u64, now: i64) {
    if landing.key_budgets.of(key).is_none() {
        return;
    }
    let mut known = known();
    known.own.add(&landing.key_budgets, key, bytes, now);
    if known.reporting.is_some_and(|since| since.elapsed() < LOST) {
        return;
    }
    known.reporting = Some(Instant::now());
    let after = match landing.usage_interval {
        Duration::ZERO => REPORT,
        interval => interval,
    };
    let env = env.clone();
    context.wait_until(async move {
        Timer::after(after).await;
        report(&env).await;
        self::known().reporting = None;
    });
}

/// Tells the object what it does not have yet, and learns the counts of all isolates.
async fn report(env: &Env) {
    let own = {
        let mut known = known();
        known.asked = Some(Instant::now());
        std::mem::take(&mut known.own)
    };
    let answer = within(PATIENCE, exchange(env, &own)).await;
    let mut known = known();
    match answer.unwrap_or_else(|| Err("the object does not answer".into())) {
        Ok(all) => known.all = all,
        Err(error) => {
            console_error!("the budgets of keys: {error}");
            known.own.merge(own);
        }
    }
}

async fn exchange(env: &Env, own: &SentToday) -> Result<SentToday> {
    let body = serde_json::to_string(own)?;
    OBJECT.ask(env, "/", Some(body)).await?.json().await
}

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The Durable Object that adds up what all isolates took.
#[durable_object]
pub struct Budgets {
    state: State,
}

impl DurableObject for Budgets {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    /// Adds the counts of the body, and returns those of all isolates.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let sent: SentToday = request.json().await?;
        let storage = self.state.storage();
        // The counts are text: those of another version are begun anew.
        let stored: Option<String> = storage.get(SENT).await?;
        let mut all: SentToday = stored
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let before = all.clone();
        all.merge(sent);
        if all != before {
            storage.put(SENT, serde_json::to_string(&all)?).await?;
        }
        Response::from_json(&all)
    }
}
