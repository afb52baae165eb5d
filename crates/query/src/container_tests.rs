//! The table of the life cycle: what each event does in each state.

use super::*;

/// The time of each row of the table. Every state below is older than all limits, unless it says otherwise.
const NOW: Duration = Duration::from_secs(1_000);

/// Returns the first of three instances in a state, with a request that has just come.
fn container(state: &str) -> (Container, Ticket) {
    let mut container = Container::new(NonZeroU16::new(3).unwrap());
    let mut others = 0;
    container.state = match state {
        "stopped" => State::Stopped,
        "cold" => starting(PAUSE, true),
        // Another request probes.
        "probed" => State::Starting {
            since: NOW - PAUSE,
            is_cold: true,
            next_probe: NOW + PROBE_LIMIT,
        },
        "slow" => starting(HANG_LIMIT, true),
        "too slow" => starting(START_LIMIT, true),
        "doubted" => starting(PAUSE, false),
        "hung" => starting(HANG_LIMIT, false),
        "ready" => State::Ready,
        "busy" => {
            others = BUSY;
            State::Ready
        }
        "draining" => State::Draining { since: NOW - PAUSE },
        "answering" => {
            others = 1;
            State::Draining { since: NOW - PAUSE }
        }
        "will not end" => State::Draining {
            since: NOW - DRAIN_LIMIT,
        },
        "failed" => State::Failed {
            until: NOW + FIRST_BACKOFF,
        },
        "failed before" => State::Failed { until: NOW },
        unknown => panic!("{unknown}"),
    };
    for _ in 0..others {
        let ticket = container.arrive(arrival(false), NOW - PAUSE).unwrap();
        let request = container.requests.get_mut(&ticket).unwrap();
        (request.sent, request.tries) = (Some(NOW - PAUSE), 1);
    }
    let ticket = container.arrive(arrival(false), NOW).unwrap();
    (container, ticket)
}

fn starting(ago: Duration, is_cold: bool) -> State {
    State::Starting {
        since: NOW - ago,
        is_cold,
        next_probe: NOW,
    }
}

fn arrival(is_forwarded: bool) -> Arrival {
    Arrival {
        hash: 3,
        is_forwarded,
    }
}

fn event(name: &str, ticket: Ticket) -> Event {
    match name {
        "asks" => Event::Asks(ticket),
        "start failed" => Event::StartFailed,
        "probe ok" => Event::Probed(Probe::Ready),
        "probe drains" => Event::Probed(Probe::Drains),
        "probe failed" => Event::Probed(Probe::Failed),
        "answered" => Event::Answered(ticket),
        "drains" => Event::Drains(ticket),
        "broke" => Event::Broke(ticket),
        "alarm" => Event::Alarm,
        unknown => panic!("{unknown}"),
    }
}

fn action(action: Action) -> String {
    match action {
        Action::Wait(time) => format!("wait {} ms", time.as_millis()),
        Action::Run(None) => "run".into(),
        Action::Run(Some(waited)) => format!("run after {} ms", waited.as_millis()),
        Action::Forward(instance) => format!("forward to {instance}"),
        Action::Refuse { why, retry_after } => format!("refuse {why:?} for {} ms", retry_after.as_millis()),
        Action::Started(took) => format!("started in {} ms", took.as_millis()),
        action => format!("{action:?}").to_lowercase(),
    }
}

fn state(state: State) -> String {
    match state {
        State::Starting { is_cold: true, .. } => "cold".into(),
        State::Starting { is_cold: false, .. } => "doubted".into(),
        State::Failed { until } => format!("failed for {} ms", until.saturating_sub(NOW).as_millis()),
        State::Draining { .. } => "draining".into(),
        state => format!("{state:?}").to_lowercase(),
    }
}

/// A state, an event, whether the platform reports that the container runs, the action and the next state.
const TABLE: &str = "
stopped       | asks         | no  | start            | cold
stopped       | asks         | yes | probe            | doubted
stopped       | start failed | no  | nothing          | failed for 500 ms
stopped       | probe ok     | yes | nothing          | ready
stopped       | probe drains | yes | nothing          | draining
stopped       | probe failed | yes | nothing          | stopped
stopped       | alarm        | no  | rest             | stopped
cold          | asks         | yes | probe            | cold
cold          | asks         | no  | forward to 2     | failed for 500 ms
cold          | start failed | no  | nothing          | failed for 500 ms
cold          | probe ok     | yes | started in 50 ms | ready
cold          | probe drains | yes | nothing          | draining
cold          | probe failed | yes | nothing          | cold
cold          | alarm        | yes | rest             | cold
cold          | alarm        | no  | rest             | cold
probed        | asks         | yes | wait 50 ms       | cold
probed        | asks         | no  | wait 50 ms       | cold
slow          | asks         | yes | probe            | cold
slow          | probe ok     | yes | started in 5000 ms | ready
too slow      | asks         | yes | destroy          | failed for 500 ms
doubted       | asks         | yes | probe            | doubted
doubted       | asks         | no  | forward to 2     | failed for 500 ms
doubted       | probe ok     | yes | nothing          | ready
doubted       | broke        | yes | nothing          | doubted
doubted       | drains       | yes | nothing          | doubted
hung          | asks         | yes | destroy          | failed for 500 ms
ready         | asks         | yes | run              | ready
ready         | asks         | no  | start            | cold
ready         | answered     | yes | nothing          | ready
ready         | answered     | no  | nothing          | ready
ready         | drains       | yes | nothing          | draining
ready         | broke        | yes | nothing          | doubted
ready         | broke        | no  | nothing          | failed for 500 ms
ready         | probe failed | yes | nothing          | ready
ready         | probe drains | yes | nothing          | draining
ready         | alarm        | yes | rest             | ready
ready         | alarm        | no  | rest             | ready
busy          | asks         | yes | forward to 2     | ready
draining      | asks         | yes | wait 50 ms       | draining
draining      | asks         | no  | start            | cold
draining      | drains       | yes | nothing          | draining
draining      | broke        | no  | nothing          | draining
draining      | probe ok     | yes | nothing          | draining
draining      | alarm        | yes | rest             | draining
draining      | alarm        | no  | rest             | draining
answering     | asks         | yes | forward to 2     | draining
answering     | asks         | no  | start            | cold
will not end  | asks         | yes | destroy          | draining
will not end  | alarm        | yes | destroy          | draining
failed        | asks         | no  | forward to 2     | failed for 500 ms
failed        | asks         | yes | forward to 2     | failed for 500 ms
failed        | probe ok     | no  | nothing          | failed for 500 ms
failed        | broke        | no  | nothing          | failed for 500 ms
failed        | probe drains | yes | nothing          | failed for 500 ms
failed        | alarm        | no  | rest             | failed for 500 ms
failed before | asks         | no  | start            | cold
failed before | asks         | yes | probe            | doubted
";

#[test]
fn each_event_in_each_state() {
    for row in TABLE.lines().filter(|row| !row.is_empty()) {
        let [before, name, runs, then, after] =
            <[&str; 5]>::try_from(row.split('|').map(str::trim).collect::<Vec<_>>()).expect(row);
        let (mut container, ticket) = container(before);
        let done = container.on(event(name, ticket), runs == "yes", NOW);
        assert_eq!(
            (action(done), state(container.state)),
            (then.into(), after.into()),
            "{row}"
        );
    }
}

/// Returns the only instance, in a state.
fn alone(state: State) -> Container {
    let mut container = Container::new(NonZeroU16::MIN);
    container.state = state;
    container
}

#[test]
fn a_single_instance_waits_where_others_would_take_the_request() {
    for (state, runs, expected) in [
        (
            State::Failed {
                until: NOW + FIRST_BACKOFF,
            },
            false,
            "wait 500 ms",
        ),
        (
            State::Failed {
                until: NOW + LONGEST_BACKOFF,
            },
            false,
            "refuse NotReady for 30000 ms",
        ),
        (State::Draining { since: NOW }, true, "wait 50 ms"),
        (starting(PAUSE, true), false, "wait 500 ms"),
    ] {
        let mut container = alone(state);
        let ticket = container.arrive(arrival(false), NOW).unwrap();
        assert_eq!(
            action(container.on(Event::Asks(ticket), runs, NOW)),
            expected,
            "{state:?}"
        );
    }
    let mut container = alone(State::Ready);
    for _ in 0..2 * BUSY {
        let ticket = container.arrive(arrival(false), NOW).unwrap();
        assert_eq!(container.on(Event::Asks(ticket), true, NOW), Action::Run(None));
    }
}

#[test]
fn a_forwarded_request_goes_no_further() {
    for state in ["busy", "answering", "failed"] {
        let (mut container, _) = container(state);
        let ticket = container.arrive(arrival(true), NOW).unwrap();
        let action = container.on(Event::Asks(ticket), true, NOW);
        assert!(
            matches!(action, Action::Run(_) | Action::Wait(_)),
            "{state}: {action:?}"
        );
    }
}

#[test]
fn the_same_query_goes_to_the_same_instance() {
    let instance = |hash| {
        let (mut container, _) = container("busy");
        let arrival = Arrival {
            hash,
            is_forwarded: false,
        };
        let ticket = container.arrive(arrival, NOW).unwrap();
        container.on(Event::Asks(ticket), true, NOW)
    };
    let instances: Vec<_> = (0..6).map(instance).collect();
    assert_eq!(instances, [1, 2, 1, 2, 1, 2].map(Action::Forward));
    assert_eq!(instance(u64::MAX), instance(u64::MAX));
}

#[test]
fn more_requests_than_fit_are_refused() {
    let mut container = alone(State::Ready);
    for _ in 0..MOST_REQUESTS {
        let ticket = container.arrive(arrival(false), NOW).unwrap();
        assert_eq!(container.on(Event::Asks(ticket), true, NOW), Action::Run(None));
    }
    let full = container.arrive(arrival(false), NOW).unwrap_err();
    assert_eq!(action(full), "refuse Full for 1000 ms");
    // Those that never got an answer do not count for ever. The container has to prove itself.
    let later = NOW + ANSWER_LIMIT;
    let ticket = container.arrive(arrival(false), later).unwrap();
    assert_eq!(container.requests(), 1);
    assert_eq!(container.on(Event::Asks(ticket), true, later), Action::Probe);
}

#[test]
fn a_query_that_kills_its_container_is_sent_twice_at_most() {
    let mut container = alone(State::Ready);
    let ticket = container.arrive(arrival(false), NOW).unwrap();
    for backoff in [FIRST_BACKOFF, 2 * FIRST_BACKOFF] {
        container.state = State::Ready;
        assert!(matches!(
            container.on(Event::Asks(ticket), true, NOW),
            Action::Run(_)
        ));
        container.on(Event::Broke(ticket), false, NOW);
        assert_eq!(container.state, State::Failed { until: NOW + backoff });
    }
    let refused = container.on(Event::Asks(ticket), false, NOW);
    assert_eq!(action(refused), "refuse Broke for 1000 ms");
    assert_eq!(container.requests(), 0);
}

#[test]
fn a_request_that_a_draining_container_did_not_take_is_not_counted_as_a_try() {
    let mut container = alone(State::Ready);
    let ticket = container.arrive(arrival(false), NOW).unwrap();
    for step in 0..5 {
        let now = NOW + step * PAUSE;
        container.state = State::Ready;
        let waited = (step > 0).then_some(step * PAUSE);
        assert_eq!(container.on(Event::Asks(ticket), true, now), Action::Run(waited));
        container.on(Event::Drains(ticket), true, now);
        assert_eq!(container.on(Event::Asks(ticket), true, now), Action::Wait(PAUSE));
    }
}

#[test]
fn a_backoff_grows_until_an_answer() {
    let mut container = alone(State::Stopped);
    let mut backoff = || {
        container.on(Event::StartFailed, false, NOW);
        match container.state {
            State::Failed { until } => until - NOW,
            state => panic!("{state:?}"),
        }
    };
    let backoffs: Vec<_> = (0..40).map(|_| backoff()).collect();
    assert_eq!(backoffs[..3], [1, 2, 4].map(|factor| factor * FIRST_BACKOFF));
    assert_eq!(backoffs[39], LONGEST_BACKOFF);
    container.state = State::Ready;
    let ticket = container.arrive(arrival(false), NOW).unwrap();
    container.on(Event::Answered(ticket), true, NOW);
    container.on(Event::StartFailed, false, NOW);
    assert_eq!(
        container.state,
        State::Failed {
            until: NOW + FIRST_BACKOFF
        }
    );
}

#[test]
fn it_is_stopped_without_requests_only() {
    for (state, expected) in [
        (State::Ready, Action::Stop),
        (starting(PAUSE, true), Action::Stop),
        // An object that has been created for the alarm: it knows of no request.
        (State::Stopped, Action::Stop),
        (State::Draining { since: NOW }, Action::Stop),
    ] {
        let mut container = alone(state);
        assert_eq!(container.on(Event::Alarm, true, NOW), expected, "{state:?}");
        let later = NOW + DRAIN_LIMIT;
        assert_eq!(
            container.on(Event::Alarm, true, later),
            Action::Destroy,
            "{state:?}"
        );
        assert_eq!(container.on(Event::Alarm, false, later), Action::Nothing);
        assert_eq!(container.state, State::Stopped);
    }
}
