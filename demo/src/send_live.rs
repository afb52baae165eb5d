//! Sends events at the time at which they happen.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use lakefront_demo::{Live, SECOND, Shop};

use crate::send::Sender;
use crate::stop::Stop;

/// The interval at which events are sent.
const TICK: Duration = Duration::from_millis(500);
/// The interval at which metrics are collected, in microseconds.
const COLLECT: i64 = 10 * SECOND;

/// Sends about `rate` events a second as they happen, until a stop is requested or a batch cannot be delivered.
pub(crate) fn send_live(shop: &Shop, sender: &mut Sender, stop: &Stop, rate: u32) -> Result<()> {
    let began = Timestamp::now().as_microsecond();
    let mut live = Live::new(shop, began, rate);
    let mut collect = began + COLLECT;
    while !stop.within(TICK) && sender.tally().failure().is_none() {
        let now = Timestamp::now().as_microsecond();
        for event in live.until(now) {
            sender.send(event)?;
        }
        if now >= collect {
            sender.collect(now)?;
            collect = now + COLLECT;
        }
        sender.flush()?;
    }
    sender.collect(Timestamp::now().as_microsecond())?;
    sender.flush()
}
