//! Tests of what follows from each failure: failover, status and problem.

use super::*;

fn exception(code: u32) -> EngineFailure {
    EngineFailure::Reply(Exception::new(code, "", "boom").into())
}

fn status(status: u16) -> EngineFailure {
    EngineFailure::Reply(ReplyError::Status {
        status,
        text: "no".into(),
    })
}

/// A row of the table: a failure and its outcome for named queries and for ad-hoc SQL. An outcome says whether the next
/// engine is tried, whether this one is marked down, and the HTTP status of the problem.
type Row = (EngineFailure, (bool, bool, u16), (bool, bool, u16));

#[test]
fn every_failure_has_its_consequences() {
    let table: Vec<Row> = vec![
        (
            EngineFailure::Unreachable("refused".into()),
            (true, true, 503),
            (true, true, 503),
        ),
        (
            EngineFailure::Deadline(Duration::from_secs(30)),
            (true, false, 504),
            (false, false, 504),
        ),
        (status(500), (true, false, 503), (true, false, 503)),
        (status(429), (true, false, 503), (true, false, 503)),
        (status(404), (false, false, 503), (false, false, 503)),
        (
            EngineFailure::Reply(ReplyError::Malformed { reason: "eof".into() }),
            (true, false, 503),
            (true, false, 503),
        ),
        (
            EngineFailure::Reply(ReplyError::Format { format: "CSV".into() }),
            (false, false, 400),
            (false, false, 400),
        ),
        (
            EngineFailure::Reply(ReplyError::TooManyValues { limit: 1 }),
            (false, false, 422),
            (false, false, 422),
        ),
        (
            EngineFailure::TooLarge(1),
            (false, false, 422),
            (false, false, 422),
        ),
        (
            EngineFailure::Request(RequestError::TooLong),
            (false, false, 400),
            (false, false, 400),
        ),
        // 62 is a syntax error.
        (exception(62), (false, false, 500), (false, false, 422)),
        (exception(60), (true, false, 503), (false, false, 422)),
        (exception(81), (true, false, 503), (false, false, 422)),
        (exception(202), (true, false, 503), (true, false, 503)),
        (exception(241), (true, false, 422), (false, false, 422)),
        (exception(395), (true, false, 503), (false, false, 422)),
        (exception(516), (true, false, 503), (true, false, 503)),
        (exception(159), (true, false, 422), (false, false, 422)),
        (exception(164), (false, false, 500), (false, false, 403)),
        // 76 is a file that cannot be opened.
        (exception(76), (true, false, 503), (false, false, 422)),
    ];
    for (failure, named, ad_hoc) in table {
        for (origin, expected) in [(StatementOrigin::Named, named), (StatementOrigin::AdHoc, ad_hoc)] {
            let problem = failure.problem(origin, BackendKind::Chdb);
            let seen = (failure.fails_over(origin), failure.marks_down(), problem.status);
            assert_eq!(seen, expected, "{failure:?} {origin:?}");
            assert!(!problem.detail.contains('{'), "{problem}");
            let is_deadline = matches!(failure, EngineFailure::Deadline(_));
            assert_eq!(
                failure.overran(origin),
                is_deadline && origin == StatementOrigin::Named
            );
        }
    }
}

#[test]
fn the_engines_own_words_are_kept() {
    let problem = exception(62).problem(StatementOrigin::AdHoc, BackendKind::Chdb);
    assert_eq!(
        (problem.code, problem.engine_message.as_deref()),
        (Some(62), Some("boom"))
    );
    assert_eq!(
        exception(202)
            .problem(StatementOrigin::Named, BackendKind::Chdb)
            .kind,
        ProblemType::Busy
    );
}

#[test]
fn texts_name_the_engine_and_its_secret() {
    for (failure, engine, text) in [
        (
            EngineFailure::Unreachable("refused".into()),
            BackendKind::Clickhouse,
            "ClickHouse does not answer; try again in 10 seconds",
        ),
        (
            EngineFailure::Deadline(Duration::from_millis(1500)),
            BackendKind::Clickhouse,
            "no answer within 1.5 s; ask for a shorter time range",
        ),
        (
            exception(516),
            BackendKind::Chdb,
            "chDB does not accept ENGINE_SECRET: give it and the router the same",
        ),
        (
            exception(516),
            BackendKind::Clickhouse,
            "ClickHouse does not accept CLICKHOUSE_USER and CLICKHOUSE_PASSWORD: give it and the router the same",
        ),
    ] {
        assert_eq!(failure.problem(StatementOrigin::Named, engine).detail, text);
    }
}

#[test]
fn only_what_an_engine_says_of_its_data_contradicts_report() {
    for (code, doubtful) in [
        (60, true),
        (81, true),
        (395, true),
        (76, true),
        (62, false),
        (159, false),
        (202, false),
        (241, false),
    ] {
        assert_eq!(
            exception(code).contradicts_report(StatementOrigin::Named),
            doubtful,
            "{code}"
        );
        assert!(
            !exception(code).contradicts_report(StatementOrigin::AdHoc),
            "{code}"
        );
    }
    assert!(!EngineFailure::Unreachable("refused".into()).contradicts_report(StatementOrigin::Named));
}

#[test]
fn codes_have_their_names() {
    let named = |code, name: &str| EngineFailure::Reply(Exception::new(code, name, "boom").into()).name();
    assert_eq!(
        named(241, "MEMORY_LIMIT_EXCEEDED"),
        "code 241 MEMORY_LIMIT_EXCEEDED"
    );
    assert_eq!(named(241, ""), "code 241");
    assert_eq!(named(241, &"X".repeat(65)), "code 241");
}

#[test]
fn a_format_is_its_authors_error() {
    let failure = EngineFailure::Reply(ReplyError::Format {
        format: "JSON".into(),
    });
    let problem = failure.problem(StatementOrigin::AdHoc, BackendKind::Chdb);
    assert_eq!(problem.kind, ProblemType::BadRequest);
    assert_eq!(
        problem.detail,
        "sql: leave FORMAT JSON out; the answer is always JSON"
    );
}

#[test]
fn a_past_that_the_lake_does_not_have_is_a_bad_request() {
    let message = format!("{NO_SUCH_STATE}: it has expired");
    let failure = EngineFailure::Reply(Exception::new(code::BAD_ARGUMENTS, "", &message).into());
    let problem = failure.problem(StatementOrigin::Named, BackendKind::Chdb);
    assert_eq!(problem.kind, ProblemType::BadRequest);
    assert_eq!(problem.detail, format!("at: {message}"));
    let other = exception(code::BAD_ARGUMENTS).problem(StatementOrigin::Named, BackendKind::Chdb);
    assert_eq!(other.kind, ProblemType::Internal);
}
