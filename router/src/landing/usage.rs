//! Writes counts of what senders sent into the lake.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lakefront_otlp::Usage;
use worker::{Context, Env, console_error};

use super::send_own;
use crate::clock::Instant;
use crate::config::Landing;
use crate::telemetry::event;
use crate::timer::Timer;

/// The time after which the task that was to write counts is presumed lost.
const LOST: Duration = Duration::from_secs(40);

/// The counts of this isolate, and since when a task is about to write them.
static COLLECTED: Mutex<(Option<Usage>, Option<Instant>)> = Mutex::new((None, None));

/// Adds counts. A task of the first of them writes all of them after `USAGE_SECONDS`. They are lost if the isolate ends
/// before.
pub fn count(usage: Usage, landing: &'static Landing, env: &Env, context: &Context) {
    if landing.usage_interval.is_zero() {
        return;
    }
    let now = Instant::now();
    let mut collected = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
    collected.0.get_or_insert_default().merge(usage);
    if collected.1.is_some_and(|since| since.elapsed() < LOST) {
        return;
    }
    collected.1 = Some(now);
    let env = env.clone();
    context.wait_until(async move {
        Timer::after(landing.usage_interval).await;
        write(landing, &env, now).await;
    });
}

async fn write(landing: &Landing, env: &Env, since: Instant) {
    let usage = {
        let mut collected = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *collected).0
    };
    let records = usage
        .unwrap_or_default()
        .take("worker", since.timestamp().as_microsecond());
    if records.is_empty() {
        return;
    }
    if let Err(failure) = send_own(landing, env, &event::logs(records)).await {
        console_error!("the counts of what was sent: {failure}");
    }
}
