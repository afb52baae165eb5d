//! Hands the rows of a request to open tails, after the request was answered.

use std::cell::RefCell;
use std::time::Duration;

use arrow_array::RecordBatch;
use lakefront_api::Signal;
use lakefront_tail::{Delivery, Filter};
use worker::{Env, Result, console_error};

use super::object;
use crate::clock::Instant;
use crate::timer::within;

/// The time between two questions of an isolate about open tails. A new tail gets rows after it at the latest.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// The time within which the object answers. What it does not take by then is lost.
const LIMIT: Duration = Duration::from_secs(2);
/// The most bytes of rows that the tails get of one request. The others are counted.
const MOST_BYTES: usize = 512 << 10;

/// What this isolate knows about open tails.
#[derive(Default)]
struct Known {
    asked: Option<Instant>,
    filters: Vec<Filter>,
    /// Accepted rows of each signal that the object was not told about.
    missed: Vec<(Signal, u64)>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Hands rows of a signal to the tails whose search they fit. Nobody waits for it, and nothing is tried again.
pub async fn deliver(env: Env, signal: Signal, batch: RecordBatch) {
    if !object::is_bound(&env) {
        return;
    }
    if let Err(error) = compare(&env, signal, &batch).await {
        console_error!("live tails: {error}");
    }
}

async fn compare(env: &Env, signal: Signal, batch: &RecordBatch) -> Result<()> {
    let is_due = KNOWN.with_borrow_mut(|known| {
        let is_due = known.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY);
        if is_due {
            // Other requests go on with what is known.
            known.asked = Some(Instant::now());
        }
        is_due
    });
    if is_due {
        let filters = limited(object::filters(env)).await?;
        KNOWN.with_borrow_mut(|known| known.filters = filters);
    }
    let delivery = KNOWN.with_borrow_mut(|known| {
        let mut room = MOST_BYTES;
        let of_signal = known.filters.iter().filter(|filter| filter.signal() == signal);
        let found = of_signal.map(|filter| {
            // The keeper numbers the rows.
            let mut found = filter.find(batch, false);
            found.rows.retain(|row| {
                let fits = row.len() <= room;
                room -= if fits { row.len() } else { 0 };
                fits
            });
            (filter.clone(), found)
        });
        let found: Vec<_> = found.filter(|(_, found)| found.matched > 0).collect();
        (!found.is_empty()).then(|| Delivery {
            found,
            missed: std::mem::take(&mut known.missed),
        })
    });
    let Some(delivery) = delivery else { return Ok(()) };
    let sent = limited(object::send(env, &delivery)).await;
    if sent.is_err() {
        for (signal, rows) in delivery.missed {
            miss(signal, rows);
        }
        miss(signal, u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
    }
    sent
}

/// Counts accepted rows that the tails do not get. They are told with the next rows.
pub fn miss(signal: Signal, rows: u64) {
    KNOWN.with_borrow_mut(|known| {
        if !known.filters.iter().any(|filter| filter.signal() == signal) {
            return;
        }
        match known.missed.iter_mut().find(|(of, _)| *of == signal) {
            Some((_, missed)) => *missed += rows,
            None => known.missed.push((signal, rows)),
        }
    });
}

async fn limited<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = within(LIMIT, call).await;
    answer.unwrap_or_else(|| Err("the object does not answer".into()))
}
