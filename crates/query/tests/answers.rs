//! Which answers are kept, for how long, and who waits for whom.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{BackendKind, BackendState, Problem, ProblemType, QueryReply, QueryRequest, Reason};
use lakefront_query::{
    AnswerKey, Answers, Backend, Flight, KEPT_FOR, LED_FOR, LOST_AFTER, MAX_ANSWER, MAX_ANSWERS, MAX_BYTES,
    MAX_FLIGHTS, SETTLED_FOR, SettledAnswer, SettledKey, Topology, Turn, Waiting, plan, resolve,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_774_353_600_000 + millis).unwrap()
}

fn topology(state: BackendState) -> Topology {
    let backend = |name: &str, kind| Backend {
        name: name.into(),
        kind,
        region: None,
        state,
        hot: None,
    };
    let mut backends = vec![backend("chdb", BackendKind::Chdb)];
    if state == BackendState::Unknown {
        backends.insert(0, backend("us", BackendKind::Clickhouse));
    }
    Topology {
        backends,
        first_day: None,
    }
}

fn key_at(request: Value, now: Timestamp, state: BackendState) -> AnswerKey {
    let request: QueryRequest = serde_json::from_value(request).unwrap();
    let resolved = resolve(&request, now).unwrap();
    AnswerKey::of(
        &request,
        &resolved,
        &plan(&resolved, &topology(state), now).unwrap(),
    )
}

fn key(request: Value) -> AnswerKey {
    key_at(request, at(0), BackendState::Healthy)
}

/// Returns a key that differs for each number.
fn numbered(number: usize) -> AnswerKey {
    key(json!({"query": "top_pages", "maxLagSeconds": number}))
}

fn reply(text: &str) -> QueryReply {
    serde_json::from_value(json!({
        "columns": [{"name": "text", "type": "String"}],
        "rows": [[text]],
        "truncated": true,
        "backend": "clickhouse",
        "reason": "view",
        "asOf": at(-1_500).to_string(),
        "lagSeconds": 1,
        "elapsedMs": 9.0,
        "backendMs": 5.0,
        "wakingMs": 4,
        "stats": {"rowsRead": 7, "bytesRead": 70},
    }))
    .unwrap()
}

/// Returns the next step of a request that has not waited.
fn turn(answers: &mut Answers, key: &AnswerKey, now: Timestamp) -> Turn {
    answers.turn(key, &mut Waiting::default(), None, now)
}

/// Returns a request that waits for the flight that runs.
fn waits(answers: &mut Answers, key: &AnswerKey, now: Timestamp) -> Waiting {
    let mut waiting = Waiting::default();
    assert_eq!(answers.turn(key, &mut waiting, None, now), Turn::Wait);
    waiting
}

fn lead(answers: &mut Answers, key: &AnswerKey, now: Timestamp) -> Flight {
    let turn = turn(answers, key, now);
    let Turn::Lead(flight) = turn else {
        panic!("{turn:?}")
    };
    flight
}

fn kept(answers: &mut Answers, key: &AnswerKey, now: Timestamp) -> Option<QueryReply> {
    match turn(answers, key, now) {
        Turn::Kept(reply) => Some(*reply),
        _ => None,
    }
}

#[test]
fn a_key_has_everything_an_answer_depends_on() {
    let question = || json!({"query": "top_pages", "timeRange": "24h", "params": {"service": "a"}});
    let with = |field: &str, value: Value| {
        let mut question = question();
        question[field] = value;
        key(question)
    };
    let same = key(question());
    assert_eq!(
        same,
        with("params", json!({"service": "a", "limit": 10})),
        "a default"
    );
    let now = at(60_000);
    assert_eq!(
        same,
        key_at(question(), now, BackendState::Healthy),
        "the same quarter"
    );
    let others = [
        with("query", json!("top_sources")),
        with("timeRange", json!("7d")),
        with("params", json!({"service": "b"})),
        with("params", json!({"service": "a\", \"b"})),
        with("params", json!({"service": "a", "limit": 11})),
        with("tz", json!("Europe/Paris")),
        with("backend", json!("chdb")),
        with("maxLagSeconds", json!(60)),
        with("at", json!("2026-03-24T11:00:00Z")),
        with("explain", json!(true)),
        key_at(question(), at(86_400_000), BackendState::Healthy),
        key_at(question(), at(0), BackendState::Unknown),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(*other, same, "case {index}");
        assert_eq!(
            others.iter().filter(|one| *one == other).count(),
            1,
            "case {index}"
        );
    }
}

#[test]
fn an_exact_range_up_to_now_is_one_question() {
    let exact = lakefront_query::query_infos()
        .iter()
        .find(|info| info.bucket == lakefront_api::Bucket::Exact)
        .unwrap();
    let required = exact.params.iter().filter(|param| param.default.is_none());
    let params: Value = required
        .map(|param| (param.name.clone(), json!("nobody")))
        .collect();
    let asked = |range: Value, now| {
        let question = json!({"query": exact.name, "timeRange": range, "params": params});
        key_at(question, now, BackendState::Healthy)
    };
    assert_eq!(asked(json!("1h"), at(0)), asked(json!("1h"), at(7)));
    assert_ne!(asked(json!("1h"), at(0)), asked(json!("6h"), at(0)));
    let ends = |to: i64| json!({"from": at(0).to_string(), "to": at(to).to_string()});
    assert_ne!(asked(ends(1), at(9)), asked(ends(2), at(9)));
}

/// Returns the settled key of a request where a ClickHouse is complete up to `as_of`, if one is given.
fn settled(request: Value, as_of: Option<Timestamp>) -> Option<SettledKey> {
    let request: QueryRequest = serde_json::from_value(request).unwrap();
    let now = at(0);
    let resolved = resolve(&request, now).unwrap();
    let mut plan = plan(&resolved, &topology(BackendState::Healthy), now).unwrap();
    if let Some(as_of) = as_of {
        plan.attempts[0].as_of = Some(as_of);
        plan.attempts[0].reason = Reason::View;
    }
    SettledKey::of(&request, &resolved, &plan)
}

#[test]
fn an_answer_is_settled_if_the_key_names_the_state_it_was_read_from() {
    let pages = |more: Value| {
        let mut request = json!({"query": "top_pages", "timeRange": "24h"});
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request
    };
    // The lake as it is now gets rows at any moment.
    assert_eq!(settled(pages(json!({})), None), None);
    let view = settled(pages(json!({})), Some(at(-1_500))).unwrap();
    assert_eq!(settled(pages(json!({})), Some(at(-1_500))), Some(view.clone()));
    for (request, as_of) in [
        (json!({}), at(-1_000)),
        (json!({"params": {"limit": 5}}), at(-1_500)),
        (json!({"timeRange": "7d"}), at(-1_500)),
        (json!({"explain": true}), at(-1_500)),
        (json!({"tz": "Asia/Tokyo"}), at(-1_500)),
    ] {
        let other = settled(pages(request.clone()), Some(as_of)).unwrap();
        assert_ne!(other.path(), view.path(), "{request}");
    }
    let past = settled(pages(json!({"at": at(-7_200_000).to_string()})), None).unwrap();
    assert_ne!(past.path(), view.path());

    // An exact range that ends now is another one each time.
    let errors = json!({"query": "error_occurrences", "params": {"error_group": "1"}, "timeRange": "24h"});
    assert_eq!(settled(errors, Some(at(-1_500))), None);

    // After a failure another engine has answered.
    assert!(view.is_answered_by(&reply("a view")));
    let other = QueryReply {
        reason: Reason::Failover,
        ..reply("another engine")
    };
    assert!(!view.is_answered_by(&other));
}

#[test]
fn a_shared_answer_keeps_its_age() {
    let shared = SettledAnswer::new(reply("shared"), at(0));
    let shared: SettledAnswer = serde_json::from_value(serde_json::to_value(&shared).unwrap()).unwrap();
    let later = at(0) + SETTLED_FOR;
    assert_eq!(shared.clone().reply(None, later), None);
    assert_eq!(
        shared.clone().reply(None, at(-1)),
        None,
        "a clock that was set back"
    );
    let ten = shared.clone().reply(None, at(10_000)).unwrap();
    assert_eq!(
        (ten.age_ms, ten.lag_seconds, ten.backend_ms),
        (Some(10_000), Some(11), 0.0)
    );
    assert_eq!(
        shared.reply(Some(10), at(10_000)),
        None,
        "past the limit on the lag"
    );

    // The isolate that took it goes on counting.
    let (mut answers, key) = (Answers::default(), key(json!({"query": "top_pages"})));
    answers.keep(key.clone(), &ten, at(10_000));
    let again = kept(&mut answers, &key, at(11_000)).unwrap();
    assert_eq!((again.age_ms, again.lag_seconds), (Some(11_000), Some(12)));
}

#[test]
fn an_answer_is_kept_for_two_seconds_and_says_its_age() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let flight = lead(&mut answers, &key, at(0));
    answers.end(key.clone(), flight, &Ok(reply("x")), at(100));
    let found = kept(&mut answers, &key, at(1_600)).unwrap();
    let expected = QueryReply {
        age_ms: Some(1_500),
        lag_seconds: Some(3),
        backend_ms: 0.0,
        waking_ms: None,
        ..reply("x")
    };
    assert_eq!(found, expected, "marks such as `truncated` stay");
    let end = at(100) + KEPT_FOR;
    assert!(
        kept(&mut answers, &key, at(99)).is_none(),
        "the clock was set back"
    );
    let mut answers = Answers::default();
    answers.keep(key.clone(), &reply("x"), at(100));
    assert!(kept(&mut answers, &key, end - SignedDuration::from_millis(1)).is_some());
    assert!(kept(&mut answers, &key, end).is_none());
}

#[test]
fn a_limit_on_the_lag_excludes_a_kept_answer_that_has_passed_it() {
    let (mut answers, key) = (Answers::default(), numbered(2));
    answers.keep(key.clone(), &reply("x"), at(0));
    let mut turn = |now| answers.turn(&key, &mut Waiting::default(), Some(2), now);
    assert!(matches!(turn(at(500)), Turn::Kept(_)));
    assert!(matches!(turn(at(501)), Turn::Lead(_)));
}

#[test]
fn one_request_asks_and_the_others_get_its_answer() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let flight = lead(&mut answers, &key, at(0));
    let mut waiting = vec![waits(&mut answers, &key, at(1)); 63];
    answers.end(key.clone(), flight, &Ok(reply("x")), at(2));
    for waiting in &mut waiting {
        let turn = answers.turn(&key, waiting, None, at(3));
        assert!(matches!(turn, Turn::Kept(_)), "{turn:?}");
    }
}

#[test]
fn a_failure_is_for_those_who_waited_and_is_not_kept() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let problem = Problem::new(ProblemType::NoBackend, "no engine");
    let flight = lead(&mut answers, &key, at(0));
    let mut waiting = vec![waits(&mut answers, &key, at(0)); 3];
    answers.end(key.clone(), flight, &Err(problem.clone()), at(1));
    // The one that comes first asks again, on behalf of the others.
    let Turn::Lead(next) = answers.turn(&key, &mut waiting[0], None, at(2)) else {
        panic!("{waiting:?}")
    };
    assert_ne!(next, flight);
    for other in &mut waiting[1..] {
        assert_eq!(answers.turn(&key, other, None, at(2)), Turn::Wait);
    }
    answers.end(key.clone(), next, &Err(problem.clone()), at(3));
    let failed = answers.turn(&key, &mut waiting[1], None, at(4));
    assert_eq!(failed, Turn::Failed(problem.clone()), "twice is enough");
    // Many later failures displace it. The request then asks alone.
    for _ in 0..64 {
        let flight = lead(&mut answers, &key, at(4));
        answers.end(key.clone(), flight, &Err(problem.clone()), at(4));
    }
    assert_eq!(answers.turn(&key, &mut waiting[2], None, at(5)), Turn::Alone);
}

#[test]
fn a_failed_request_does_not_fail_those_who_waited_for_it() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let flight = lead(&mut answers, &key, at(0));
    let mut waiting = vec![waits(&mut answers, &key, at(0)); 2];
    let problem = Problem::new(ProblemType::Timeout, "it had waited for long");
    answers.end(key.clone(), flight, &Err(problem), at(1));
    let Turn::Lead(next) = answers.turn(&key, &mut waiting[0], None, at(2)) else {
        panic!("{waiting:?}")
    };
    assert_eq!(answers.turn(&key, &mut waiting[1], None, at(2)), Turn::Wait);
    answers.end(key.clone(), next, &Ok(reply("x")), at(3));
    let turn = answers.turn(&key, &mut waiting[1], None, at(4));
    assert!(matches!(turn, Turn::Kept(_)), "{turn:?}");
}

#[test]
fn a_cancelled_request_hands_its_flight_on_to_one_other() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let flight = lead(&mut answers, &key, at(0));
    answers.beat(&key, flight, at(800));
    let lost = at(800) + LOST_AFTER;
    let mut waiting = waits(&mut answers, &key, at(1_700));
    let mut other = waiting.clone();
    assert_eq!(answers.turn(&key, &mut waiting, None, lost), Turn::Lead(flight));
    assert_eq!(answers.turn(&key, &mut other, None, lost), Turn::Wait);
}

#[test]
fn nobody_waits_for_ever_for_a_request_that_hangs() {
    let (mut answers, key) = (Answers::default(), numbered(0));
    let flight = lead(&mut answers, &key, at(0));
    let end = at(0) + LED_FOR;
    answers.beat(&key, flight, end - SignedDuration::from_millis(1));
    let mut waiting = waits(&mut answers, &key, end - SignedDuration::from_millis(1));
    assert_eq!(answers.turn(&key, &mut waiting, None, end), Turn::Lead(flight));
    // The one that hangs has another view of the clock.
    assert_eq!(turn(&mut answers, &key, at(19_900)), Turn::Wait);
}

#[test]
fn the_number_of_flights_is_bounded() {
    let mut answers = Answers::default();
    for number in 0..MAX_FLIGHTS {
        lead(&mut answers, &numbered(number), at(0));
    }
    let one_more = numbered(MAX_FLIGHTS);
    assert_eq!(turn(&mut answers, &one_more, at(0)), Turn::Alone);
}

#[test]
fn the_answers_that_were_used_last_stay() {
    let mut answers = Answers::default();
    for number in 0..MAX_ANSWERS {
        answers.keep(numbered(number), &reply("x"), at(0));
    }
    assert!(kept(&mut answers, &numbered(0), at(1)).is_some());
    answers.keep(numbered(MAX_ANSWERS), &reply("x"), at(1));
    assert!(kept(&mut answers, &numbered(1), at(1)).is_none());
    assert!(kept(&mut answers, &numbered(0), at(1)).is_some());
    assert!(kept(&mut answers, &numbered(MAX_ANSWERS), at(1)).is_some());
}

#[test]
fn the_bytes_are_bounded() {
    let mut answers = Answers::default();
    let large = reply(&"x".repeat(MAX_ANSWER - 4_096));
    for number in 0..8 {
        answers.keep(numbered(number), &large, at(0));
    }
    let left = (0..8).filter(|number| kept(&mut answers, &numbered(*number), at(0)).is_some());
    assert_eq!(left.count(), MAX_BYTES / MAX_ANSWER);

    let flight = lead(&mut answers, &numbered(9), at(0));
    let mut waiting = waits(&mut answers, &numbered(9), at(0));
    let too_large = reply(&"x".repeat(MAX_ANSWER));
    answers.end(numbered(9), flight, &Ok(too_large), at(0));
    assert_eq!(answers.turn(&numbered(9), &mut waiting, None, at(0)), Turn::Alone);
}

proptest! {
    /// Whatever requests come in whatever order: of one key no two flights run at a time, no answer is older than
    /// allowed, and each request that waits gets an outcome. A flight that has run for too long gets another leader.
    #[test]
    fn at_most_one_request_asks(steps in prop::collection::vec((0..3_usize, 0..4_u8, 0..900_i64), 1..200)) {
        let mut answers = Answers::default();
        // The flight that runs of each key, with the time from which its leader leads it.
        let mut running: [Option<(Flight, Timestamp)>; 3] = [None; 3];
        let mut answered: [Option<Timestamp>; 3] = [None; 3];
        let mut now = at(0);
        for (number, step, passed) in steps {
            now += SignedDuration::from_millis(passed);
            let key = numbered(number);
            for (number, running) in running.iter().enumerate() {
                if let Some((flight, _)) = running {
                    answers.beat(&numbered(number), *flight, now);
                }
            }
            let late = running[number].filter(|(_, since)| now.duration_since(*since) >= LED_FOR);
            if let Some((flight, _)) = late {
                prop_assert_eq!(turn(&mut answers, &key, now), Turn::Lead(flight));
                running[number] = Some((flight, now));
            }
            match (step, running[number]) {
                (0, Some((flight, _))) => {
                    let mut waiting = waits(&mut answers, &key, now);
                    answers.end(key.clone(), flight, &Ok(reply("x")), now);
                    (running[number], answered[number]) = (None, Some(now));
                    let turn = answers.turn(&key, &mut waiting, None, now);
                    prop_assert!(matches!(turn, Turn::Kept(_)));
                }
                (1, Some((flight, _))) => {
                    let mut waiting = waits(&mut answers, &key, now);
                    let problem = Problem::new(ProblemType::Busy, "busy");
                    answers.end(key.clone(), flight, &Err(problem.clone()), now);
                    let Turn::Lead(again) = answers.turn(&key, &mut waiting, None, now) else {
                        panic!("{waiting:?}")
                    };
                    running[number] = Some((again, now));
                }
                (_, flight) => match turn(&mut answers, &key, now) {
                    Turn::Kept(_) => prop_assert!(now.duration_since(answered[number].unwrap()) < KEPT_FOR),
                    Turn::Lead(led) => {
                        prop_assert!(flight.is_none());
                        running[number] = Some((led, now));
                    }
                    turn => prop_assert!(turn == Turn::Wait && flight.is_some(), "{turn:?}"),
                },
            }
        }
    }
}
