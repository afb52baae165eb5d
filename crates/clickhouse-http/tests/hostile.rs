//! Bytes from anywhere: nothing panics, and what is written is read back.

use http::{HeaderMap, StatusCode, Uri};
use lakefront_clickhouse_http::{Answer, Endpoint, Exception, IncomingQuery, Param, Statement, content_type};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_text_may_hold_an_exception(text in "(Code: |\\. DB::Exception: |[0-9]{1,12}|\\(|[A-Z_)]{0,4}|\\PC){0,12}") {
        if let Some(exception) = Exception::find(&text) {
            prop_assert!(text.contains(&exception.code.to_string()) || exception.code == 0);
        }
    }

    #[test]
    fn an_exception_survives_its_text(code in 1_u32..2000, name in "[A-Z_]{0,30}", message in "[a-z' .{}]{1,40}[a-z]") {
        let exception = Exception::new(code, name, message);
        prop_assert_eq!(Exception::find(&exception.to_string()), Some(exception));
    }

    #[test]
    fn any_bytes_may_be_a_reply(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
        let status = StatusCode::from_u16(status).expect("in range");
        drop(Answer::read(&Statement::new("SELECT 1").max_rows(1), status, &HeaderMap::new(), &body));
    }

    #[test]
    fn any_address_may_be_a_request(query in "[ -~]{0,60}", body in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(uri) = format!("/?{query}").parse::<Uri>() {
            drop(IncomingQuery::read(&uri, &HeaderMap::new(), &body));
        }
    }

    #[test]
    fn a_statement_survives_its_request(sql in "\\PC{1,40}", text in any::<String>(), name in "[a-z_]{1,10}") {
        let endpoint = Endpoint::new("http://engine/".parse().expect("a URL"));
        let statement = Statement::new(sql).param(name.clone(), text);
        let (parts, body) = endpoint.request(&statement).expect("short").into_parts();
        let read = IncomingQuery::read(&parts.uri, &parts.headers, body.as_bytes()).expect("ours");
        prop_assert_eq!(&read.sql, &statement.sql);
        prop_assert_eq!(&read.params[&name], &statement.params[0].1.wire());
        prop_assert!(!read.params[&name].contains(['\t', '\n', '\r']));
    }

    #[test]
    fn any_name_may_be_a_format(name in any::<String>()) {
        prop_assert!(!content_type(&name).is_empty());
    }

    #[test]
    fn numbers_are_literals(number in any::<i64>()) {
        prop_assert_eq!(Param::from(number).wire().parse::<i64>(), Ok(number));
    }
}
