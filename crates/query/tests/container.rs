//! The life cycle of the container against a simulated platform, whose containers start slowly, die, hang, refuse to start
//! and are drained by deploys.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::num::NonZeroU16;
use std::time::Duration;

use lakefront_query::container::{
    ANSWER_LIMIT, Action, Arrival, Container, DRAIN_LIMIT, Event, FIRST_BACKOFF, PATIENCE, PAUSE,
    PROBE_LIMIT, Probe, State, Ticket,
};
use proptest::prelude::*;

/// The time that a draining server gives running queries.
const DRAIN: Duration = Duration::from_secs(10);
/// The deadline of a caller.
const DEADLINE: Duration = Duration::from_secs(30);
/// The duration of a call that fails at once.
const MOMENT: Duration = Duration::from_millis(1);

/// What happens to a container that is started, in times since its start.
#[derive(Debug, Clone, Copy, Default)]
struct Fate {
    /// The platform throws.
    refuses: bool,
    listens_after: Duration,
    dies_after: Option<Duration>,
    /// From then on it accepts connections and answers nothing, SIGTERM included.
    hangs_after: Option<Duration>,
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn fate() -> impl Strategy<Value = Fate> {
    let good = || millis(0..4_000);
    prop_oneof![
        4 => good().prop_map(|listens_after| Fate { listens_after, ..Fate::default() }),
        1 => millis(4_000..90_000).prop_map(|listens_after| Fate { listens_after, ..Fate::default() }),
        1 => Just(Fate { refuses: true, ..Fate::default() }),
        2 => (good(), millis(0..60_000)).prop_map(|(listens_after, dies)| Fate {
            listens_after,
            dies_after: Some(dies),
            ..Fate::default()
        }),
        2 => (good(), millis(0..60_000)).prop_map(|(listens_after, hangs)| Fate {
            listens_after,
            hangs_after: Some(hangs),
            ..Fate::default()
        }),
    ]
}

/// A container that the platform has started.
#[derive(Debug)]
struct Process {
    started: Duration,
    fate: Fate,
    /// When it got SIGTERM.
    told: Option<Duration>,
    has_answered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Arrive(usize),
    Ask(usize),
    Probed(usize, u8),
    /// The container answered, or broke the connection, or refused because it drains.
    Returned(usize, u8),
    /// The caller's own deadline has passed. The shell around the machine is cancelled and says nothing.
    GiveUp(usize),
    Deploy,
    Alarm(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Answered,
    Forwarded,
    Refused,
    GaveUp,
}

#[derive(Debug)]
struct Caller {
    arrives: Duration,
    runs_for: Duration,
    ticket: Option<Ticket>,
    /// True while the container has the request.
    is_sent: bool,
    was_sent: bool,
    /// The number of the container that has the request.
    sent_to: usize,
    steps: u32,
    outcome: Option<(Outcome, Duration)>,
}

struct World {
    now: Duration,
    /// The idle time after which the container is stopped.
    idle: Duration,
    machine: Container,
    process: Option<Process>,
    fates: Vec<Fate>,
    starts: usize,
    /// The time before which no start may be, because the last one failed by itself.
    backs_off_until: Duration,
    callers: Vec<Caller>,
    steps: BinaryHeap<Reverse<(Duration, u64, Step)>>,
    sequence: u64,
    alarm: u64,
    /// The number of steps at one instant.
    at_once: HashMap<Duration, u32>,
}

impl World {
    fn new(
        idle: Duration,
        instances: u16,
        fates: Vec<Fate>,
        callers: &[(Duration, Duration)],
        deploys: &[Duration],
    ) -> Self {
        let mut world = Self {
            now: Duration::ZERO,
            idle,
            machine: Container::new(NonZeroU16::new(instances).unwrap()),
            process: None,
            fates,
            starts: 0,
            backs_off_until: Duration::ZERO,
            callers: Vec::new(),
            steps: BinaryHeap::new(),
            sequence: 0,
            alarm: 0,
            at_once: HashMap::new(),
        };
        for (number, (arrives, runs_for)) in callers.iter().enumerate() {
            world.callers.push(Caller {
                arrives: *arrives,
                runs_for: *runs_for,
                ticket: None,
                is_sent: false,
                was_sent: false,
                sent_to: 0,
                steps: 0,
                outcome: None,
            });
            world.at(*arrives, Step::Arrive(number));
        }
        for deploy in deploys {
            world.at(*deploy, Step::Deploy);
        }
        world
    }

    fn at(&mut self, time: Duration, step: Step) {
        self.sequence += 1;
        self.steps.push(Reverse((time, self.sequence, step)));
    }

    fn after(&mut self, time: Duration, step: Step) {
        self.at(self.now + time, step);
    }

    fn set_alarm(&mut self, time: Duration) {
        self.alarm += 1;
        self.after(time, Step::Alarm(self.alarm));
    }

    /// Ends the process if it is due.
    fn runs(&mut self) -> bool {
        let now = self.now;
        let busy = self.callers.iter().any(|caller| caller.is_sent);
        let ended = self.process.as_ref().is_some_and(|process| {
            let since = now - process.started;
            let hangs = process.fate.hangs_after.is_some_and(|hangs| since >= hangs);
            process.fate.dies_after.is_some_and(|dies| since >= dies)
                || process
                    .told
                    .is_some_and(|told| !hangs && (!busy || now >= told + DRAIN))
        });
        if ended
            && let Some(process) = self.process.take()
            && !process.has_answered
            && process.told.is_none()
        {
            self.backs_off_until = process.started + FIRST_BACKOFF;
        }
        self.process.is_some()
    }

    /// Returns the outcome of a call to the server, and its duration. `None` if it never returns.
    fn call(&mut self, runs_for: Duration) -> (Option<Probe>, Duration) {
        let now = self.now;
        if !self.runs() {
            return (Some(Probe::Failed), MOMENT);
        }
        let process = self.process.as_ref().unwrap();
        let since = now - process.started;
        if process
            .fate
            .hangs_after
            .is_some_and(|hangs| since + runs_for >= hangs)
        {
            return (None, PROBE_LIMIT);
        }
        if since < process.fate.listens_after {
            return (Some(Probe::Failed), MOMENT);
        }
        if process.told.is_some() {
            return (Some(Probe::Drains), MOMENT);
        }
        match process.fate.dies_after {
            Some(dies) if since + runs_for >= dies => (Some(Probe::Failed), (dies - since).max(MOMENT)),
            _ => {
                if let Some(process) = &mut self.process {
                    process.has_answered = true;
                }
                (Some(Probe::Ready), runs_for)
            }
        }
    }

    fn end(&mut self, caller: usize, outcome: Outcome) {
        let (now, caller) = (self.now, &mut self.callers[caller]);
        caller.is_sent = false;
        assert!(caller.outcome.is_none(), "{caller:?} ends twice");
        caller.outcome = Some((outcome, now));
        if !caller.was_sent {
            let waited = now - caller.arrives;
            assert!(waited <= PATIENCE + PROBE_LIMIT, "waited {waited:?}");
        }
    }

    fn act(&mut self, caller: usize, action: Action) {
        match action {
            Action::Nothing | Action::Started(_) => self.after(Duration::ZERO, Step::Ask(caller)),
            Action::Start => {
                assert!(!self.runs(), "a second start");
                assert!(self.now >= self.backs_off_until, "a start without a pause");
                let fate = self.fates[self.starts % self.fates.len()];
                self.starts += 1;
                if fate.refuses {
                    self.on(Event::StartFailed);
                } else {
                    self.process = Some(Process {
                        started: self.now,
                        fate,
                        told: None,
                        has_answered: false,
                    });
                }
                self.after(Duration::ZERO, Step::Ask(caller));
            }
            Action::Probe => {
                let (outcome, took) = self.call(MOMENT);
                let outcome = match outcome {
                    Some(Probe::Ready) => 0,
                    Some(Probe::Drains) => 1,
                    _ => 2,
                };
                self.after(took, Step::Probed(caller, outcome));
            }
            Action::Wait(time) => {
                assert!(time > Duration::ZERO, "a busy loop");
                self.after(time, Step::Ask(caller));
            }
            Action::Run(_) => {
                let runs_for = self.callers[caller].runs_for;
                let (outcome, took) = self.call(runs_for);
                // From here on it counts as what runs in the container.
                self.callers[caller].is_sent = !matches!(outcome, Some(Probe::Drains));
                self.callers[caller].was_sent = true;
                self.callers[caller].sent_to = self.starts;
                match outcome {
                    Some(Probe::Ready) => self.after(took, Step::Returned(caller, 0)),
                    Some(Probe::Drains) => self.after(took, Step::Returned(caller, 1)),
                    Some(Probe::Failed) => self.after(took, Step::Returned(caller, 2)),
                    None => self.after(DEADLINE, Step::GiveUp(caller)),
                }
            }
            Action::Forward(_) => self.end(caller, Outcome::Forwarded),
            Action::Refuse { .. } => self.end(caller, Outcome::Refused),
            Action::Destroy => {
                self.process = None;
                self.after(Duration::ZERO, Step::Ask(caller));
            }
            Action::Stop | Action::Rest => panic!("{action:?} for a request"),
        }
    }

    fn on(&mut self, event: Event) -> Action {
        let runs = self.runs();
        self.machine.on(event, runs, self.now)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Arrive(caller) => {
                self.set_alarm(self.idle);
                let arrival = Arrival {
                    hash: caller as u64,
                    is_forwarded: false,
                };
                match self.machine.arrive(arrival, self.now) {
                    Ok(ticket) => {
                        self.callers[caller].ticket = Some(ticket);
                        self.step(Step::Ask(caller));
                    }
                    Err(_) => self.end(caller, Outcome::Refused),
                }
            }
            Step::Ask(caller) => {
                self.callers[caller].steps += 1;
                let action = self.on(Event::Asks(self.callers[caller].ticket.unwrap()));
                self.act(caller, action);
            }
            Step::Probed(caller, outcome) => {
                let probe = [Probe::Ready, Probe::Drains, Probe::Failed][usize::from(outcome)];
                let action = self.on(Event::Probed(probe));
                self.act(caller, action);
            }
            Step::Returned(caller, outcome) => {
                let ticket = self.callers[caller].ticket.unwrap();
                self.callers[caller].is_sent = false;
                // A server that was killed while it had the request does not answer.
                let is_there = self.process.is_some() && self.callers[caller].sent_to == self.starts;
                match (outcome, is_there) {
                    (0, true) => {
                        self.on(Event::Answered(ticket));
                        self.end(caller, Outcome::Answered);
                    }
                    (1, _) => {
                        let action = self.on(Event::Drains(ticket));
                        self.act(caller, action);
                    }
                    _ => {
                        let action = self.on(Event::Broke(ticket));
                        self.act(caller, action);
                    }
                }
            }
            Step::GiveUp(caller) => self.end(caller, Outcome::GaveUp),
            Step::Deploy => {
                if let Some(process) = &mut self.process {
                    process.told.get_or_insert(self.now);
                }
            }
            Step::Alarm(number) if number == self.alarm => match self.on(Event::Alarm) {
                Action::Nothing => {}
                Action::Rest => self.set_alarm(self.idle),
                Action::Stop => {
                    if let Some(process) = &mut self.process {
                        process.told.get_or_insert(self.now);
                    }
                    self.set_alarm(DRAIN_LIMIT);
                }
                Action::Destroy => {
                    self.process = None;
                    self.set_alarm(DRAIN_LIMIT);
                }
                action => panic!("{action:?} for the alarm"),
            },
            Step::Alarm(_) => {}
        }
    }

    /// Runs until nothing happens any more.
    fn run(&mut self) {
        while let Some(Reverse((time, _, step))) = self.steps.pop() {
            self.now = time;
            let at_once = self.at_once.entry(time).or_default();
            *at_once += 1;
            let most = 10 * self.callers.len() as u32 + 10;
            assert!(
                *at_once < most,
                "{at_once} steps at {time:?}: {:?}",
                self.machine.state()
            );
            self.step(step);
        }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.callers
            .iter()
            .map(|caller| caller.outcome.expect("each request ends").0)
            .collect()
    }
}

fn callers(most: usize, within: u64) -> impl Strategy<Value = Vec<(Duration, Duration)>> {
    prop::collection::vec((millis(0..within), millis(0..5_000)), 1..most)
}

proptest! {
    /// Whatever containers do, each request ends within its time, there is one start at a time, nobody asks in a busy loop, and
    /// the container sleeps at last.
    #[test]
    fn whatever_the_container_does(
        idle in millis(1_000..60_000),
        instances in 1..4_u16,
        fates in prop::collection::vec(fate(), 1..8),
        callers in callers(90, 200_000),
        deploys in prop::collection::vec(millis(0..200_000), 0..4),
    ) {
        let mut world = World::new(idle, instances, fates, &callers, &deploys);
        world.run();
        world.outcomes();
        for caller in &world.callers {
            // One question for each pause, and a few for the other actions.
            let most = 2 * (PATIENCE.as_millis() / PAUSE.as_millis()) as u32 + 20;
            prop_assert!(caller.steps <= most, "{} questions", caller.steps);
        }
        prop_assert!(!world.runs(), "it still runs: {:?}", world.machine.state());
        prop_assert_eq!(world.machine.requests(), 0);
        let last = world.callers.iter().map(|caller| caller.outcome.unwrap().1).max().unwrap();
        let sleeps_within = PATIENCE + ANSWER_LIMIT + 2 * idle + 3 * DRAIN_LIMIT;
        prop_assert!(world.now <= last.max(Duration::from_millis(200_000)) + sleeps_within, "{:?}", world.now);
    }

    /// Containers that start in time and do not fail answer every request, also through deploys and sleeps.
    #[test]
    fn no_request_is_lost(
        idle in millis(1_000..60_000),
        listens_after in millis(0..3_000),
        callers in callers(40, 400_000),
        pauses in prop::collection::vec(millis(30_000..100_000), 0..6),
    ) {
        let deploys: Vec<_> = pauses
            .iter()
            .scan(Duration::ZERO, |time, pause| {
                *time += *pause;
                Some(*time)
            })
            .collect();
        let fate = Fate { listens_after, ..Fate::default() };
        let mut world = World::new(idle, 1, vec![fate], &callers, &deploys);
        world.run();
        for (caller, outcome) in world.callers.iter().zip(world.outcomes()) {
            prop_assert_eq!(outcome, Outcome::Answered, "{:?}", caller);
        }
        prop_assert!(world.starts <= callers.len() + deploys.len());
    }
}

/// With other instances a busy one passes requests on, and takes no more than it should.
#[test]
fn a_busy_instance_shares() {
    let callers = vec![(Duration::ZERO, Duration::from_secs(5)); 20];
    let mut world = World::new(Duration::from_secs(60), 3, vec![Fate::default()], &callers, &[]);
    world.run();
    let answered = world
        .outcomes()
        .iter()
        .filter(|outcome| **outcome == Outcome::Answered)
        .count();
    assert_eq!(answered, lakefront_query::container::BUSY);
    assert_eq!(world.machine.state(), State::Stopped);
}
