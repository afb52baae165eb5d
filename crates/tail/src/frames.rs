//! The stream of server-sent events of a tail.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::{Stream, StreamExt as _, unfold};

use crate::{Counts, Listener};

/// The media type of the stream.
pub const MEDIA_TYPE: &str = "text/event-stream";
/// The time without an event after which a comment shows that the connection is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// The time after which a tail ends. The reader opens it again, and is checked again.
pub const LIFE: Duration = Duration::from_secs(15 * 60);

/// The time between two looks at the counts.
const TICK: Duration = Duration::from_secs(1);

/// The state between two events.
struct State<T> {
    listener: Listener,
    tick: Pin<Box<T>>,
    /// The counts that were sent last.
    told: Option<Counts>,
    lived: Duration,
    quiet: Duration,
}

/// Returns the events of a tail. `timer` returns a future that is ready after a time.
pub fn frames<T: Future<Output = ()>>(
    listener: Listener,
    timer: impl Fn(Duration) -> T + Clone,
) -> impl Stream<Item = String> {
    let state = State {
        listener,
        tick: Box::pin(timer(Duration::ZERO)),
        told: None,
        lived: Duration::ZERO,
        quiet: Duration::ZERO,
    };
    unfold(state, move |state| next(state, timer.clone()))
}

async fn next<T: Future<Output = ()>>(
    mut state: State<T>,
    timer: impl Fn(Duration) -> T,
) -> Option<(String, State<T>)> {
    loop {
        // The timer first: a reader for whom rows always wait is told the counts too.
        let awaited = match select(&mut state.tick, state.listener.rows.next()).await {
            Either::Left(((), _)) => None,
            Either::Right((row, _)) => Some(row?),
        };
        if let Some(row) = awaited {
            state.listener.took(&row);
            state.quiet = Duration::ZERO;
            return Some((event("row", &row), state));
        }
        state.tick = Box::pin(timer(TICK));
        state.lived += TICK;
        state.quiet += TICK;
        if state.lived > LIFE {
            return None;
        }
        let counts = state.listener.counts();
        if state.told != Some(counts) {
            state.told = Some(counts);
            state.quiet = Duration::ZERO;
            let Counts {
                matched,
                dropped,
                unseen,
            } = counts;
            let data = format!(r#"{{"matched":{matched},"dropped":{dropped},"unseen":{unseen}}}"#);
            return Some((event("counts", &data), state));
        }
        if state.quiet >= HEARTBEAT {
            state.quiet = Duration::ZERO;
            return Some((":\n\n".into(), state));
        }
    }
}

/// Returns an event. JSON has no line breaks.
fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::ready;

    use super::*;
    use crate::{Filter, Found, Hub};

    #[test]
    fn counts_come_first_and_are_not_held_up_by_rows() {
        let mut hub = Hub::default();
        let filter = Filter::of_query("signal=logs").unwrap();
        let listener = hub.open(filter.clone(), Duration::ZERO).unwrap();
        let found = Found {
            rows: vec!["{}".into(); 2],
            matched: 3,
        };
        hub.deliver(&filter, &found, Duration::ZERO);
        // A timer that is always ready is one of a reader that is a second late each time.
        let mut stream = Box::pin(frames(listener, |_| ready(())));
        let counts = "event: counts\ndata: {\"matched\":3,\"dropped\":1,\"unseen\":0}\n\n";
        assert_eq!(block_on(stream.next()).as_deref(), Some(counts));
        assert_eq!(block_on(stream.next()).as_deref(), Some(":\n\n"));
    }

    #[test]
    fn a_quiet_tail_has_heartbeats_and_ends() {
        let mut hub = Hub::default();
        let listener = hub
            .open(Filter::of_query("signal=logs").unwrap(), Duration::ZERO)
            .unwrap();
        let frames: Vec<String> = block_on(frames(listener, |_| ready(())).collect());
        let beats = frames.iter().filter(|frame| *frame == ":\n\n").count();
        assert_eq!(beats as u64, (LIFE.as_secs() - 1) / HEARTBEAT.as_secs());
        assert_eq!(frames.len(), beats + 1);
        assert!(hub.is_empty());
    }

    #[test]
    fn a_tail_ends_with_the_program_after_its_rows() {
        let mut hub = Hub::default();
        let filter = Filter::of_query("signal=logs").unwrap();
        let listener = hub.open(filter.clone(), Duration::ZERO).unwrap();
        let found = Found {
            rows: vec!["{}".into()],
            matched: 1,
        };
        hub.deliver(&filter, &found, Duration::ZERO);
        hub.close();
        let never = |_| futures::future::pending::<()>();
        let frames: Vec<String> = block_on(frames(listener, never).collect());
        assert_eq!(frames, ["event: row\ndata: {}\n\n"]);
    }
}
