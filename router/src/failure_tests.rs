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

/// One row of the table: the failure, then for named queries and for ad-hoc SQL whether the next engine is asked,
/// whether this one is marked down, and the HTTP status of the problem.
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
            (true, true, 504),
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
            EngineFailure::TooLarge(1),
            (false, false, 422),
            (false, false, 422),
        ),
        (
            EngineFailure::Request(RequestError::TooLong),
            (false, false, 400),
            (false, false, 400),
        ),
        // A syntax error.
        (exception(62), (false, false, 500), (false, false, 422)),
        (exception(60), (true, false, 503), (false, false, 422)),
        (exception(81), (true, false, 503), (false, false, 422)),
        (exception(202), (true, false, 503), (true, false, 503)),
        (exception(241), (true, false, 422), (false, false, 422)),
        (exception(395), (true, false, 503), (false, false, 422)),
        (exception(516), (true, false, 503), (true, false, 503)),
        (exception(159), (false, false, 422), (false, false, 422)),
        (exception(164), (false, false, 500), (false, false, 403)),
    ];
    for (failure, named, ad_hoc) in table {
        for (asked, expected) in [(Asked::Named, named), (Asked::AdHoc, ad_hoc)] {
            let problem = failure.problem(asked);
            let seen = (
                failure.fails_over(asked),
                failure.marks_down(asked),
                problem.status,
            );
            assert_eq!(seen, expected, "{failure:?} {asked:?}");
            assert!(!problem.detail.contains('{'), "{problem}");
        }
    }
}

#[test]
fn the_engines_own_words_are_kept() {
    let problem = exception(62).problem(Asked::AdHoc);
    assert_eq!(
        (problem.code, problem.engine_message.as_deref()),
        (Some(62), Some("boom"))
    );
    assert_eq!(exception(202).problem(Asked::Named).kind, ProblemType::Busy);
}
