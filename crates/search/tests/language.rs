//! The search language: what is parsed, what is refused and where, and that a printed search is the same search.

use lakefront_api::Signal;
use lakefront_search::{
    Column, Expression, Field, Kind, MAX_BYTES, MAX_DEPTH, MAX_TERMS, Named, Op, Pattern, Search, Test,
    Value, columns,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

fn printed(text: &str) -> String {
    let search = Search::parse(Signal::Logs, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    search.to_string()
}

#[test]
fn texts_are_read_as_people_write_them() {
    for (text, canonical) in [
        ("", "*"),
        ("  ", "*"),
        ("timeout", "timeout"),
        ("\"connection refused\"", "\"connection refused\""),
        ("a b", "a b"),
        ("a AND b", "a b"),
        ("a OR b c", "a OR (b c)"),
        ("(a OR b) c", "(a OR b) c"),
        ("NOT a b", "-a b"),
        ("-a -b", "-a -b"),
        ("-(a b)", "-(a b)"),
        ("time*", "time*"),
        ("*meo*", "*meo*"),
        ("service:web", "service:web"),
        ("service.name:web", "service:web"),
        ("ServiceName:web", "service:web"),
        ("level:error", "level:error"),
        ("level:>=WARN", "level:>=warn"),
        ("severity:17", "level:17"),
        ("level:[info TO error]", "level:[9 TO 20]"),
        ("status:>=500", "status:>=500"),
        ("status:[400 TO 499]", "status:[400 TO 499]"),
        ("status:[400 TO *]", "status:>=400"),
        ("user:*", "user:*"),
        ("http.request.method:GET", "http.request.method:GET"),
        ("host.name:web-*", "host.name:web-*"),
        ("retries:>3", "retries:>3"),
        ("\"level\":high", "\"level\":high"),
        ("\"odd key\":1", "\"odd key\":1"),
        ("duration:>1s", "duration:>1000ms"),
        (
            "trace:0AF7651916CD43DD8448EB211C80319C",
            "trace:0af7651916cd43dd8448eb211c80319c",
        ),
        ("https://shop.example/cart", "\"https://shop.example/cart\""),
        ("std::fmt", "\"std::fmt\""),
        ("12:30", "\"12:30\""),
        ("\"a \\\"b\\\" \\\\\"", "\"a \\\"b\\\" \\\\\""),
        ("bot:false", "bot:false"),
        ("path:\"\"", "path:\"\""),
        ("and or not", "and or not"),
    ] {
        assert_eq!(printed(text), canonical, "{text}");
    }
}

#[test]
fn spans_have_fields_of_their_own() {
    for (text, canonical) in [
        ("duration:>1.5s", "duration:>1500000000ns"),
        ("status:error", "StatusCode:Error"),
        ("status:500", "status:500"),
        ("kind:server", "kind:Server"),
        ("name:\"GET /api/search\"", "name:\"GET /api/search\""),
    ] {
        let search = Search::parse(Signal::Traces, text).unwrap();
        assert_eq!(search.to_string(), canonical, "{text}");
    }
}

#[test]
fn an_error_points_at_the_character() {
    for (text, position, message) in [
        ("a (b", 2, "the ( that opens here is not closed"),
        ("a b)", 3, "no ( before it is open"),
        ("über \"b", 5, "the quote that opens here is not closed"),
        ("a OR", 4, "the search ends here"),
        ("OR a", 0, "OR stands between two conditions"),
        ("service:", 8, "a value must follow \"service:\""),
        ("TypeError: x", 10, "a value must follow \"TypeError:\""),
        ("a*b", 1, "a * may stand only at either end"),
        ("status:high", 7, "status takes a number"),
        ("status:>=x", 9, "status takes a number"),
        ("status:[1 5]", 10, "expected TO"),
        ("status:[1 TO 5", 7, "the [ that opens here is not closed"),
        ("level:loud", 6, "level takes none, trace, debug"),
        ("duration:>5", 10, "duration takes a duration such as 250ms"),
        ("trace:xyz", 6, "trace takes an id of hexadecimal digits"),
        ("bot:maybe", 4, "bot takes true or false"),
        ("body:>5", 6, "body takes no comparison"),
        ("service:(a OR b)", 8, "write (service:a OR service:b)"),
        ("\"\"", 0, "the quotes are empty"),
        ("a ]", 2, "expected a word or a value, not ]"),
    ] {
        let error = Search::parse(Signal::Logs, text).expect_err(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
    }
}

#[test]
fn a_search_is_bounded() {
    let fails = |text: String| Search::parse(Signal::Logs, &text).unwrap_err().message;
    assert!(fails("a".repeat(MAX_BYTES + 1)).contains("at most 4096 bytes"));
    assert!(fails("a ".repeat(MAX_TERMS + 1)).contains("at most 64 words"));
    assert!(fails("(".repeat(MAX_DEPTH + 1)).contains("nested at most 32 deep"));
    assert!(fails("-(".repeat(MAX_DEPTH)).contains("nested at most 32 deep"));
}

#[test]
fn a_filter_is_added_without_rewriting_the_text() {
    let narrowed =
        |text: &str, field, value: &str, exclude| Search::narrowed(Signal::Logs, text, field, value, exclude);
    let service = Named::Column("ServiceName");
    assert_eq!(narrowed("", service, "web", false), "service:web");
    assert_eq!(
        narrowed("level:error ", service, "web", true),
        "level:error -service:web"
    );
    assert_eq!(
        narrowed("a OR b", service, "my web", false),
        "(a OR b) service:\"my web\""
    );
    assert_eq!(narrowed("a (", service, "web", false), "service:web");
    let attribute = Named::Attribute("level");
    assert_eq!(narrowed("", attribute, "*", false), "\"level\":\"*\"");
    assert_eq!(
        narrowed("", Named::Column("SeverityNumber"), "17", false),
        "level:17"
    );
}

fn row() -> Map<String, Json> {
    let row = json!({
        "Body": "Connection refused: 10.0.0.7", "EventName": "", "ServiceName": "shop-api", "SeverityNumber": 17,
        "HttpStatusCode": 503, "DurationMs": null, "IsBot": false, "RowId": "9007199254740993", "UserId": "",
        "LogAttributes": { "retries": "12", "peer": "Überlingen", "odd": "inf" },
        "ResourceAttributes": { "host.name": "web-3", "retries": "1" },
    });
    row.as_object().expect("an object").clone()
}

#[test]
fn the_evaluator_says_which_rows_fit() {
    let fits = |text: &str| Search::parse(Signal::Logs, text).unwrap().fits(&row());
    for text in [
        "",
        "connection",
        "\"connection REFUSED\"",
        "refuse*",
        "überlingen",
        "level:error",
        "level:>warn",
        "-level:info",
        "status:>=500 status:[500 TO 599]",
        "duration:* OR service:shop-*",
        "-duration:>1ms",
        "retries:>9",
        "retries:12",
        "host.name:web-3",
        "host.name:*",
        "-user:*",
        "bot:false",
        "body:refused",
        "odd:>a",
    ] {
        assert!(fits(text), "{text}");
    }
    for text in [
        "refuse",
        "web-3",
        "duration:>1ms",
        "retries:>90",
        "user:*",
        "service:SHOP-API",
        "odd:>1",
        "missing:*",
    ] {
        assert!(!fits(text), "{text}");
    }
}

#[test]
fn a_condition_holds_placeholders_and_no_values() {
    let text = "level:error -service:web \"re'fused\" retries:>9 (ümlaut OR host.name:*)";
    let condition = Search::parse(Signal::Logs, text).unwrap().condition();
    expect_test::expect!["(((SeverityNumber >= {q0:Int64} AND SeverityNumber <= {q1:Int64}) AND NOT ifNull(ServiceName = {q2:String}, false) AND ((positionCaseInsensitive(Body, {q4:String}) > 0 AND match(Body, {q3:String})) OR (positionCaseInsensitive(EventName, {q4:String}) > 0 AND match(EventName, {q3:String})) OR mapExists((k, v) -> (positionCaseInsensitive(v, {q4:String}) > 0 AND match(v, {q3:String})), LogAttributes)) AND isFinite(toFloat64OrNull(if(LogAttributes[{q5:String}] != '', LogAttributes[{q5:String}], ResourceAttributes[{q5:String}]))) AND toFloat64OrNull(if(LogAttributes[{q5:String}] != '', LogAttributes[{q5:String}], ResourceAttributes[{q5:String}])) > {q6:Float64} AND (((positionCaseInsensitive(Body, {q8:String}) > 0 AND match(Body, {q7:String})) OR (positionCaseInsensitive(EventName, {q8:String}) > 0 AND match(EventName, {q7:String})) OR mapExists((k, v) -> (positionCaseInsensitive(v, {q8:String}) > 0 AND match(v, {q7:String})), LogAttributes)) OR if(LogAttributes[{q9:String}] != '', LogAttributes[{q9:String}], ResourceAttributes[{q9:String}]) != '')))"].assert_eq(&condition.sql);
    assert_eq!(
        condition.params[3].1,
        r"(?s)(?:^|[^0-9A-Za-z\x{80}-\x{10FFFF}])[Rr][Ee][\x{27}][Ff][Uu][Ss][Ee][Dd](?:[^0-9A-Za-z\x{80}-\x{10FFFF}]|$)"
    );
    assert_eq!(condition.params[4].1, "fused");
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let text = prop_oneof![
        "[a-zA-Z0-9_.:/\"\\\\*() äß-]{1,12}",
        Just("AND".to_owned()),
        Just("x".to_owned())
    ];
    (text, any::<bool>(), any::<bool>()).prop_map(|(text, open_start, open_end)| Pattern {
        text,
        open_start,
        open_end,
    })
}

fn number() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![(-1000_i32..1000).prop_map(f64::from), proptest::num::f64::NORMAL]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::Less),
        Just(Op::AtMost),
        Just(Op::Greater),
        Just(Op::AtLeast)
    ]
}

fn compared(value: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Test> {
    prop_oneof![
        Just(Test::Exists),
        (op(), value.clone()).prop_map(|(op, value)| Test::Compare(op, value)),
        (value.clone(), value).prop_map(|(low, high)| Test::Between(low, high)),
    ]
    .boxed()
}

fn test(kind: Kind) -> BoxedStrategy<Test> {
    let equal = |value: BoxedStrategy<Value>| value.prop_map(|value| Test::Compare(Op::Equal, value));
    // Numbers among texts would be read as numbers.
    let text = "[a-z \"]{1,8}x".prop_map(Value::Text);
    match kind {
        Kind::Name => prop_oneof![pattern().prop_map(Test::Is), compared(text)].boxed(),
        Kind::Words => prop_oneof![pattern().prop_map(Test::Is), Just(Test::Exists)].boxed(),
        Kind::Hex => "[0-9a-f]{1,32}"
            .prop_map(|text| Test::Is(Pattern::exact(text)))
            .boxed(),
        Kind::OneOf(values) => prop::sample::select(values)
            .prop_map(|value| Test::Is(Pattern::exact(value)))
            .boxed(),
        Kind::Truth => any::<bool>().prop_map(Test::Truth).boxed(),
        Kind::Severity => {
            let value = (0_i64..30).prop_map(Value::Whole);
            prop_oneof![compared(value.clone()), equal(value.boxed())].boxed()
        }
        Kind::Number => {
            let value = number().prop_map(Value::Number);
            prop_oneof![compared(value.clone()), equal(value.boxed())].boxed()
        }
        Kind::Nanoseconds => {
            let value = (0_i64..1 << 50).prop_map(Value::Whole);
            prop_oneof![compared(value.clone()), equal(value.boxed())].boxed()
        }
        Kind::Milliseconds => {
            let value = (0_i32..1 << 20).prop_map(|ms| Value::Number(f64::from(ms) / 8.0));
            prop_oneof![compared(value.clone()), equal(value.boxed())].boxed()
        }
    }
}

fn leaf(signal: Signal) -> impl Strategy<Value = Expression> {
    let all: Vec<&'static Column> = columns(signal).collect();
    let of_column = prop::sample::select(all).prop_flat_map(|column| {
        test(column.kind).prop_map(move |test| Expression::Field(Field::Column(column), test))
    });
    let name = prop_oneof![
        "[a-z]{1,3}(\\.[a-z]{1,3})?",
        "[a-z :\"]{1,6}",
        Just("status".to_owned())
    ];
    let attribute = (
        name,
        prop_oneof![test(Kind::Name), compared(number().prop_map(Value::Number))],
    )
        .prop_map(|(name, test)| Expression::Field(Field::Attribute(name), test));
    prop_oneof![pattern().prop_map(Expression::Text), of_column, attribute]
}

fn search() -> impl Strategy<Value = Search> {
    let signal = prop_oneof![Just(Signal::Logs), Just(Signal::Traces)];
    signal.prop_flat_map(|signal| {
        leaf(signal)
            .prop_recursive(4, 16, 3, |inner| {
                prop_oneof![
                    vec(inner.clone(), 2..4).prop_map(Expression::all),
                    vec(inner.clone(), 2..4).prop_map(Expression::any),
                    inner.prop_map(|inner| Expression::Not(Box::new(inner))),
                ]
            })
            .prop_map(move |root| Search { signal, root })
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed_to_the_same_tree(search in search()) {
        let text = search.to_string();
        prop_assume!(text.len() <= MAX_BYTES);
        let parsed = Search::parse(search.signal, &text);
        prop_assert_eq!(parsed, Ok(search), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        if let Ok(search) = Search::parse(Signal::Traces, &text) {
            search.condition();
            search.fits(&row());
            prop_assert_eq!(Search::parse(Signal::Traces, &search.to_string()), Ok(search));
        }
    }

    #[test]
    fn no_mixture_of_signs_makes_it_panic(text in "[ab:*\"\\\\()\\[\\]<>=OR TND0-9-]{0,30}") {
        match Search::parse(Signal::Logs, &text) {
            Ok(search) => {
                prop_assert_eq!(Search::parse(Signal::Logs, &search.to_string()), Ok(search));
            }
            Err(error) => prop_assert!(error.position <= text.chars().count()),
        }
    }

    #[test]
    fn no_value_is_part_of_the_statement(search in search()) {
        let condition = search.condition();
        prop_assert!(condition.sql.chars().all(|letter| letter.is_ascii() && letter != '\\' && letter != '\0'));
        let names: Vec<_> = condition.params.iter().map(|(name, _)| name.clone()).collect();
        let numbered: Vec<_> = (0..names.len()).map(|at| format!("q{at}")).collect();
        prop_assert_eq!(names, numbered);
    }
}
