//! Answers that the isolates of a data centre share, in Cloudflare's Cache API. They are those that cannot change.
//!
//! <https://developers.cloudflare.com/workers/runtime-apis/cache/>. On workers.dev, and on a workerd without a cache, nothing is
//! kept.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lakefront_api::QueryReply;
use lakefront_query::{MAX_ANSWER, SETTLED_FOR, SettledAnswer, SettledKey};
use worker::send::SendFuture;
use worker::{Cache, ResponseBuilder, Result, console_error};

use crate::clock::Instant;
use crate::timer::within;

/// The name of the cache, which the platform keeps apart from the pages of the zone.
const CACHE: &str = "lakefront";
/// The longest time to wait for the cache. An engine answers then.
const PATIENCE: Duration = Duration::from_millis(500);

/// True after the first failure: this isolate has no cache.
static ABSENT: AtomicBool = AtomicBool::new(false);

/// Returns the answer that another isolate has shared. `origin` is the Worker's, such as `https://telemetry.example`.
pub async fn get(origin: &str, key: &SettledKey, max_lag: Option<u64>) -> Option<QueryReply> {
    let found = within_patience(async {
        let cache = Cache::open(CACHE.to_owned()).await;
        match cache.get(address(origin, key), true).await? {
            // One that cannot be read is as good as none.
            Some(mut response) => Ok(response.json::<SettledAnswer>().await.ok()),
            None => Ok(None),
        }
    });
    found.await?.reply(max_lag, Instant::now().timestamp())
}

/// Shares an answer, unless it is too large.
pub async fn put(origin: &str, key: &SettledKey, reply: QueryReply) {
    let answer = SettledAnswer::new(reply, Instant::now().timestamp());
    let Ok(body) = serde_json::to_vec(&answer) else {
        return;
    };
    if body.len() > MAX_ANSWER {
        return;
    }
    let lasts = format!("max-age={}", SETTLED_FOR.as_secs());
    within_patience(async {
        let response = ResponseBuilder::new()
            .with_header("cache-control", &lasts)?
            .with_header("content-type", "application/json")?
            .fixed(body);
        let cache = Cache::open(CACHE.to_owned()).await;
        cache.put(address(origin, key), response).await.map(Some)
    })
    .await;
}

fn address(origin: &str, key: &SettledKey) -> String {
    format!("{origin}{}", key.path())
}

/// Returns what a call of the cache returns, or `None` if it fails or takes too long.
async fn within_patience<T>(call: impl Future<Output = Result<Option<T>>>) -> Option<T> {
    if ABSENT.load(Ordering::Relaxed) {
        return None;
    }
    // The isolate has one thread.
    match within(PATIENCE, SendFuture::new(call)).await? {
        Ok(found) => found,
        Err(error) => {
            console_error!("this isolate shares no answers: {error}");
            ABSENT.store(true, Ordering::Relaxed);
            None
        }
    }
}
