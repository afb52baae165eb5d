//! Conditions are understood, printed and evaluated, and everything else is refused.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray, TimestampMicrosecondArray};
use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Condition {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_condition_is_printed_as_it_is_understood() {
    for (text, same) in [
        ("UserId = 'u-17'", "UserId = 'u-17'"),
        (
            "  UserId='it''s'and VisitorId  =  'ü' ",
            "UserId = 'it''s' AND VisitorId = 'ü'",
        ),
        ("ServiceName = ''''", "ServiceName = ''''"),
        (
            "Timestamp < '2026-03-02T01:00:00+01:00' AND Timestamp >= '2026-03-01'",
            "Timestamp >= '2026-03-01T00:00:00Z' AND Timestamp < '2026-03-02T00:00:00Z'",
        ),
    ] {
        let condition = parsed(text);
        assert_eq!(condition.to_string(), same);
        assert_eq!(parsed(same), condition);
    }
}

#[test]
fn everything_else_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "quotes"),
        ("UserId", "quotes"),
        ("UserId = u", "quotes"),
        ("UserId = 'u", "not closed"),
        ("UserId = ''", "all rows without one"),
        ("UserId != 'u'", "not known"),
        ("UserId = 'u' OR 1 = 1", "expected AND"),
        ("UserId = 'u'; DROP TABLE otel_logs", "expected AND"),
        ("UserId = 'u' AND", "quotes"),
        ("UserId = 'u' AND UserId = 'v'", "twice"),
        ("userid = 'u'", "not known"),
        ("Body = 'x'", "not known"),
        ("UserId >= 'u'", "not known"),
        ("Timestamp = '2026-03-01'", "not known"),
        ("Timestamp >= 'yesterday'", "no date"),
        ("Timestamp >= '2026-03-01T00:00:00'", "no date"),
        (
            "Timestamp >= '2026-03-01' AND Timestamp < '2026-03-01'",
            "not after",
        ),
    ] {
        let refused = text.parse::<Condition>().expect_err(text).to_string();
        assert!(refused.contains(reason), "{text}: {refused}");
    }
    let long = format!("UserId = '{}'", "u".repeat(LONGEST));
    assert!(long.parse::<Condition>().is_err());
}

proptest! {
    #[test]
    fn any_text_is_refused_or_understood(text in "[A-Za-z'<>= -]{0,40}|.{0,40}") {
        if let Ok(condition) = text.parse::<Condition>() {
            prop_assert_eq!(parsed(&condition.to_string()), condition);
        }
    }

    #[test]
    fn any_value_is_selected_as_it_is(value in ".{1,20}") {
        let condition = parsed(&format!("UserId = '{}'", value.replace('\'', "''")));
        let users: ArrayRef = Arc::new(StringArray::from(vec![Some(value.as_str()), None, Some("")]));
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, 0, 0]));
        let batch = RecordBatch::try_from_iter([("UserId", users), ("Timestamp", times)]).expect("a batch");
        let logs = lakefront_otel::table("otel_logs").expect("a table");
        prop_assert_eq!(condition.select(logs, &batch), BooleanArray::from(vec![true, false, false]));
    }
}

#[test]
fn all_parts_must_hold() {
    const DAY: i64 = DAY_MS * 1000;
    let condition = parsed(
        "UserId = 'u' AND ServiceName = 's' AND Timestamp >= '1970-01-02' AND Timestamp < '1970-01-03'",
    );
    let text = |values: [&str; 5]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![
        DAY,
        DAY,
        DAY,
        DAY - 1,
        2 * DAY,
    ]));
    let columns = [
        ("UserId", text(["u", "v", "u", "u", "u"])),
        ("ServiceName", text(["s", "s", "t", "s", "s"])),
        ("Timestamp", times),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let logs = lakefront_otel::table("otel_logs").expect("a table");
    let selected = condition.select(logs, &batch);
    assert_eq!(
        selected,
        BooleanArray::from(vec![true, false, false, false, false])
    );
    assert_eq!(
        [0, 1, 2].map(|day| condition.may_select(day)),
        [false, true, false]
    );
    let gauge = lakefront_otel::table("otel_metrics_gauge").expect("a table");
    assert_eq!(condition.columns(gauge), None, "points have no user");
    assert_eq!(
        parsed("ServiceName = 's'").columns(gauge),
        Some(vec!["ServiceName", "TimeUnix"])
    );
    let without_user = batch.project(&[1, 2]).expect("two columns");
    assert_eq!(condition.select(logs, &without_user).true_count(), 0);
}
