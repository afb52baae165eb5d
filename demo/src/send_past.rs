//! Sends the events of a past range.

use std::ops::Range;

use anyhow::Result;
use lakefront_demo::{HOUR, Shop};

use crate::progress::Progress;
use crate::send::Sender;
use crate::stop::Stop;

/// The interval at which metrics are collected, in microseconds of the shop's time.
const COLLECT: i64 = HOUR / 2;
/// The range that is generated at once, in microseconds. It fills batches and still allows a quick stop.
const CHUNK: i64 = 6 * HOUR;

/// Sends the events of a range (in microseconds since 1970), as fast as the endpoint accepts them.
pub(crate) fn send_past(shop: &Shop, sender: &mut Sender, stop: &Stop, range: Range<i64>) -> Result<()> {
    let mut progress = Progress::new();
    let mut collect = range.start + COLLECT;
    let mut begin = range.start;
    while begin < range.end && !stop.requested() && sender.tally().failure().is_none() {
        let end = (begin + CHUNK).min(range.end);
        for event in shop.events(begin, end) {
            while event.time >= collect {
                sender.collect(collect)?;
                collect += COLLECT;
            }
            sender.send(event)?;
        }
        begin = end;
        let share = (begin - range.start) as f64 / (range.end - range.start) as f64;
        progress.show(share, sender.tally().total());
    }
    if begin == range.end && begin > range.start {
        sender.collect(range.end)?;
    }
    sender.flush()?;
    progress.done();
    Ok(())
}
