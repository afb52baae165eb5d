//! The limit on the number of queries that one request runs at the same time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

/// The number of queries that one request runs at the same time.
///
/// Workers have six connections at a time for each request. The platform holds back a seventh while its deadline runs,
/// although no engine has received it. One connection is left for checks and reports.
const LANES: usize = 5;

/// The lanes of one request. A query holds one for all of its attempts. Further queries wait in order of arrival.
#[derive(Debug)]
pub struct Lanes(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Lane>>,
}

/// A lane that is held by a query and becomes free when dropped.
#[derive(Debug)]
pub struct Lane(Arc<Lanes>);

impl Default for Lanes {
    fn default() -> Self {
        Self(Mutex::new(State {
            free: LANES,
            waiting: VecDeque::new(),
        }))
    }
}

impl Lanes {
    /// Waits for a free lane and takes it.
    pub async fn enter(self: &Arc<Self>) -> Lane {
        loop {
            let turn = {
                let mut state = self.state();
                if state.free > 0 {
                    state.free -= 1;
                    return Lane(Arc::clone(self));
                }
                let (sender, turn) = oneshot::channel();
                state.waiting.push_back(sender);
                turn
            };
            if let Ok(lane) = turn.await {
                return lane;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            let next = state.waiting.pop_front();
            state.free += usize::from(next.is_none());
            next
        };
        if let Some(next) = next {
            // If the waiter is gone, the lane is dropped here and goes to the next one.
            drop(next.send(Self(Arc::clone(&self.0))));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_query_too_many_waits_for_a_lane() {
        let lanes = Arc::new(Lanes::default());
        let enter = || Box::pin(async { lanes.enter().await });
        let mut taken: Vec<Lane> = (0..LANES).map(|_| enter().now_or_never().unwrap()).collect();
        let (mut first, mut gone, mut last) = (enter(), enter(), enter());
        for waiting in [&mut first, &mut gone, &mut last] {
            assert!(waiting.now_or_never().is_none());
        }
        drop(gone);
        taken.pop();
        let first = first.now_or_never().unwrap();
        assert!((&mut last).now_or_never().is_none(), "one lane was left");
        drop(first);
        taken.push(last.now_or_never().unwrap());
        assert!(enter().now_or_never().is_none());

        // A waiter that leaves while it is being given a lane passes it on.
        let (mut leaves, mut behind) = (enter(), enter());
        assert!((&mut leaves).now_or_never().is_none() && (&mut behind).now_or_never().is_none());
        taken.pop();
        drop(leaves);
        taken.push(behind.now_or_never().unwrap());
        taken.clear();
        let all: Vec<Lane> = (0..LANES).map(|_| enter().now_or_never().unwrap()).collect();
        assert_eq!(all.len(), LANES);
    }
}
