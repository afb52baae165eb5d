//! The life cycle of the container with chDB: what a request does while the container starts, drains, fails or is busy.
//!
//! There is one [`Container`] for each instance, with the platform behind it. A request [arrives](Container::arrive) and
//! sends [`Event::Asks`] until it is told to run, to go to another instance, or that it is refused. Each event has one
//! [`Action`] as its answer, which the caller carries out. The clock is an argument: the time since any fixed instant.
//!
//! No request waits for the steps of another, because the platform may cancel any of them. A start or a probe whose
//! request has gone is taken over by the next request that asks.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

/// The longest time that a request waits for its container, or is tried again. The deadline of a plan allows for the
/// same when chDB is asleep.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The longest start. A container that does not answer after this time is destroyed.
pub const START_LIMIT: Duration = Duration::from_secs(60);
/// The same for a container that has answered before. It hangs, or it ended and the platform did not notice.
pub const HANG_LIMIT: Duration = Duration::from_secs(5);
/// The longest time from SIGTERM to the end: more than the drain of `lakefront-chdb-container` and its own end. A container
/// that runs longer is destroyed.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(25);
/// The time between two questions of a waiting request, and between two probes.
pub const PAUSE: Duration = Duration::from_millis(50);
/// The time limit of a probe. After that another request may probe.
pub const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// The time after a first failure until the next start. It doubles with each failure in a row.
pub const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// The longest time from a failure to the next start.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// The number of requests in one container from which others go to other instances. The engine runs four at a time, and a
/// page sends five.
pub const BUSY: usize = 8;
/// The largest number of requests that wait for one instance or are in it. Further ones are refused.
pub const MOST_REQUESTS: usize = 64;
/// The time after which a request that was sent no longer counts as in the container: whoever sent it has gone. The container
/// may hang, so that it has to prove itself.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(45);
/// The most times that one request is sent. A query that brings its container down must not do so again and again.
const MOST_TRIES: u8 = 2;

/// A request for the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// A hash of the query. The same query goes to the same other instance, whose caches hold its files.
    pub hash: u64,
    /// True if another instance sent the request here, which does not go on to a third.
    pub is_forwarded: bool,
}

/// A request that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// An event in the life of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request asks what to do: at first, and after it has carried out an action.
    Asks(Ticket),
    /// The platform refused to start the container.
    StartFailed,
    /// A probe has ended.
    Probed(Probe),
    /// The container answered a request, with any status.
    Answered(Ticket),
    /// The container drains and did not take a request.
    Drains(Ticket),
    /// A request got no answer.
    Broke(Ticket),
    /// The alarm rang, because no request came for the idle time. It also rings [`DRAIN_LIMIT`] after a container was told
    /// to end.
    Alarm,
}

/// The outcome of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// The server takes requests.
    Ready,
    /// The server was told to end: it answers what runs, and refuses the rest.
    Drains,
    /// There was no answer, or an unexpected one.
    Failed,
}

/// The answer to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Do nothing.
    Nothing,
    /// Start the container, and ask again.
    Start,
    /// Probe the container within [`PROBE_LIMIT`], report the outcome, and ask again.
    Probe,
    /// Ask again after this time.
    Wait(Duration),
    /// Send the request to the container. The time is that for which the request waited, if the container was not ready
    /// when it came.
    Run(Option<Duration>),
    /// Send the request to the instance with this number, which is not this one. It has left this instance.
    Forward(u16),
    /// Refuse the request with status 503. It has left this instance.
    Refuse {
        /// The reason.
        why: Refusal,
        /// The time after which another try makes sense.
        retry_after: Duration,
    },
    /// Record the time from the start of the container to its first answer.
    Started(Duration),
    /// Send SIGTERM to the container, and set the alarm to [`DRAIN_LIMIT`].
    Stop,
    /// Kill the container, and set the alarm to [`DRAIN_LIMIT`]. A request then asks again.
    Destroy,
    /// Set the alarm to the idle time.
    Rest,
}

/// The reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There are [`MOST_REQUESTS`] requests.
    Full,
    /// The container was not ready within [`PATIENCE`], or cannot start.
    NotReady,
    /// The container broke off while it had the request, twice.
    Broke,
}

impl Refusal {
    /// Returns a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Full => "too many requests wait for the container",
            Self::NotReady => "the container is not ready",
            Self::Broke => "the container broke off",
        }
    }
}

/// The states of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The container does not run, as far as is known.
    Stopped,
    /// The container runs, and has to prove that it takes requests.
    Starting {
        /// The time of the start, or of the first doubt.
        since: Duration,
        /// True if the container was started, false if it ran before.
        is_cold: bool,
        /// The time from which on a request may probe.
        next_probe: Duration,
    },
    /// The container takes requests.
    Ready,
    /// The container was told to end.
    Draining {
        /// When that was, or was noticed.
        since: Duration,
    },
    /// The container failed to start, broke off or hung. It is not started before a time.
    Failed {
        /// That time.
        until: Duration,
    },
}

/// One instance of the container, with its requests.
#[derive(Debug)]
pub struct Container {
    others: u16,
    state: State,
    /// The number of failures since the last answer.
    failures: u32,
    requests: BTreeMap<Ticket, Request>,
    last_ticket: u64,
}

#[derive(Debug)]
struct Request {
    arrival: Arrival,
    arrived: Duration,
    /// True if the request was told to wait for the container in any way.
    waited: bool,
    /// When the request was sent to the container, while it has it.
    sent: Option<Duration>,
    tries: u8,
}

impl Request {
    /// Returns the rest of the time that the request may wait.
    fn patience(&self, now: Duration) -> Duration {
        (self.arrived + PATIENCE).saturating_sub(now)
    }

    /// Returns true if the request was cancelled: it got no answer, or stopped asking.
    fn is_gone(&self, now: Duration) -> bool {
        now >= self.sent.unwrap_or(self.arrived + PATIENCE) + ANSWER_LIMIT
    }
}

impl Container {
    /// Creates one of `instances`, of which nothing is known.
    pub fn new(instances: NonZeroU16) -> Self {
        Self {
            others: instances.get() - 1,
            state: State::Stopped,
            failures: 0,
            requests: BTreeMap::new(),
            last_ticket: 0,
        }
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the number of requests that wait or are in the container.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Lets a request in, which must then ask.
    ///
    /// # Errors
    /// Returns the refusal if there are [`MOST_REQUESTS`].
    pub fn arrive(&mut self, arrival: Arrival, now: Duration) -> Result<Ticket, Action> {
        self.forget(now);
        if self.requests.len() >= MOST_REQUESTS {
            return Err(refuse(Refusal::Full, Duration::ZERO));
        }
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let request = Request {
            arrival,
            arrived: now,
            waited: false,
            sent: None,
            tries: 0,
        };
        self.requests.insert(ticket, request);
        Ok(ticket)
    }

    /// Takes an event. `runs` is true if the platform reports that the container runs, which does not mean that its server
    /// listens.
    pub fn on(&mut self, event: Event, runs: bool, now: Duration) -> Action {
        match event {
            Event::Asks(ticket) => self.ask(ticket, runs, now),
            Event::StartFailed => {
                self.fail(now);
                Action::Nothing
            }
            Event::Probed(probe) => self.probed(probe, now),
            Event::Answered(ticket) => {
                self.requests.remove(&ticket);
                self.failures = 0;
                Action::Nothing
            }
            Event::Drains(ticket) => {
                if let Some(request) = self.requests.get_mut(&ticket) {
                    request.sent = None;
                    // The container did not run it.
                    request.tries = request.tries.saturating_sub(1);
                }
                if self.state == State::Ready {
                    self.state = State::Draining { since: now };
                }
                Action::Nothing
            }
            Event::Broke(ticket) => {
                if let Some(request) = self.requests.get_mut(&ticket) {
                    request.sent = None;
                }
                match self.state {
                    State::Ready if runs => self.state = doubt(now),
                    State::Ready => self.fail(now),
                    // Another request has reported the same.
                    _ => {}
                }
                Action::Nothing
            }
            Event::Alarm => self.ring(runs, now),
        }
    }

    fn ask(&mut self, ticket: Ticket, runs: bool, now: Duration) -> Action {
        let in_container = self.in_container();
        let Some(request) = self.requests.get_mut(&ticket) else {
            return refuse(Refusal::NotReady, Duration::ZERO);
        };
        let patience = request.patience(now);
        if request.tries >= MOST_TRIES || (request.tries > 0 && patience.is_zero()) {
            return self.leave(ticket, refuse(Refusal::Broke, Duration::ZERO));
        }
        if self.state == State::Ready && !runs {
            // It was stopped, or ended by itself, while it had no request.
            self.state = State::Stopped;
        }
        let elsewhere = (self.others > 0 && !request.arrival.is_forwarded)
            .then(|| other(request.arrival.hash, self.others));
        if self.state == State::Ready {
            if let Some(elsewhere) = elsewhere
                && in_container >= BUSY
            {
                return self.leave(ticket, elsewhere);
            }
            request.sent = Some(now);
            request.tries += 1;
            return Action::Run(request.waited.then(|| now.saturating_sub(request.arrived)));
        }
        request.waited = true;
        if patience.is_zero() {
            let until = match self.state {
                State::Failed { until } => until.saturating_sub(now),
                _ => Duration::ZERO,
            };
            return self.leave(ticket, refuse(Refusal::NotReady, until));
        }
        let pause = Action::Wait(PAUSE.min(patience));
        match self.state {
            State::Draining { since } if runs => {
                if now >= since + DRAIN_LIMIT {
                    self.state = State::Draining { since: now };
                    return Action::Destroy;
                }
                match elsewhere {
                    // What runs in it delays its end.
                    Some(elsewhere) if in_container > 0 => self.leave(ticket, elsewhere),
                    _ => pause,
                }
            }
            State::Failed { until } if now < until => match elsewhere {
                Some(elsewhere) => self.leave(ticket, elsewhere),
                None if until.saturating_sub(now) < patience => Action::Wait(until.saturating_sub(now)),
                None => self.leave(ticket, refuse(Refusal::NotReady, until.saturating_sub(now))),
            },
            State::Starting { next_probe, .. } if now < next_probe => pause,
            State::Starting { .. } if !runs => {
                self.fail(now);
                self.ask(ticket, runs, now)
            }
            State::Starting { since, is_cold, .. } => {
                let limit = if is_cold { START_LIMIT } else { HANG_LIMIT };
                if now >= since + limit {
                    self.fail(now);
                    return Action::Destroy;
                }
                self.state = State::Starting {
                    since,
                    is_cold,
                    next_probe: now + PROBE_LIMIT,
                };
                Action::Probe
            }
            State::Stopped | State::Draining { .. } | State::Failed { .. } | State::Ready => {
                if runs {
                    self.state = doubt(now);
                    return self.ask(ticket, runs, now);
                }
                self.state = State::Starting {
                    since: now,
                    is_cold: true,
                    // Until then the platform may not report yet that it runs.
                    next_probe: now + PAUSE,
                };
                Action::Start
            }
        }
    }

    fn probed(&mut self, probe: Probe, now: Duration) -> Action {
        match (probe, self.state) {
            (Probe::Ready, State::Starting { since, is_cold, .. }) => {
                self.state = State::Ready;
                if is_cold {
                    return Action::Started(now.saturating_sub(since));
                }
            }
            // An object that has just been created looks at a container that it did not start.
            (Probe::Ready, State::Stopped) => self.state = State::Ready,
            (Probe::Drains, State::Starting { .. } | State::Stopped | State::Ready) => {
                self.state = State::Draining { since: now };
            }
            (Probe::Failed, State::Starting { since, is_cold, .. }) => {
                self.state = State::Starting {
                    since,
                    is_cold,
                    next_probe: now + PAUSE,
                };
            }
            _ => {}
        }
        Action::Nothing
    }

    fn ring(&mut self, runs: bool, now: Duration) -> Action {
        self.forget(now);
        match self.state {
            State::Draining { since } if runs && now >= since + DRAIN_LIMIT => Action::Destroy,
            _ if !self.requests.is_empty() => Action::Rest,
            State::Failed { .. } if !runs => Action::Nothing,
            _ if !runs => {
                self.state = State::Stopped;
                Action::Nothing
            }
            State::Draining { .. } => Action::Stop,
            _ => {
                self.state = State::Draining { since: now };
                Action::Stop
            }
        }
    }

    /// Forgets requests that were cancelled.
    fn forget(&mut self, now: Duration) {
        let gone = |request: &Request| request.is_gone(now);
        if self.state == State::Ready
            && self
                .requests
                .values()
                .any(|request| request.sent.is_some() && gone(request))
        {
            self.state = doubt(now);
        }
        self.requests.retain(|_, request| !gone(request));
    }

    fn fail(&mut self, now: Duration) {
        let backoff = FIRST_BACKOFF.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.state = State::Failed {
            until: now + backoff.min(LONGEST_BACKOFF),
        };
    }

    fn in_container(&self) -> usize {
        self.requests
            .values()
            .filter(|request| request.sent.is_some())
            .count()
    }

    fn leave(&mut self, ticket: Ticket, action: Action) -> Action {
        self.requests.remove(&ticket);
        action
    }
}

/// Returns the action that sends a request to one of the other instances.
fn other(hash: u64, others: u16) -> Action {
    Action::Forward(1 + u16::try_from(hash % u64::from(others)).unwrap_or_default())
}

/// Returns the state of a container that runs and may not take requests.
fn doubt(now: Duration) -> State {
    State::Starting {
        since: now,
        is_cold: false,
        next_probe: now,
    }
}

fn refuse(why: Refusal, retry_after: Duration) -> Action {
    Action::Refuse {
        why,
        retry_after: retry_after.max(Duration::from_secs(1)),
    }
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
