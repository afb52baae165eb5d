//! The HTTP status of an exception.

use http::StatusCode;

use crate::code;

/// Returns the HTTP status of an exception with this code.
///
/// The statuses are those of ClickHouse's `exceptionCodeToHTTPStatus`, with two differences. A full queue (202) has
/// 503, so that clients try again. A format that is not served (73) has 400.
pub fn status_of(code: u32) -> StatusCode {
    match code {
        // REQUIRED_PASSWORD
        194 => StatusCode::UNAUTHORIZED,
        // 192 is UNKNOWN_USER, 193 WRONG_PASSWORD.
        code::READONLY | 192 | 193 | code::ACCESS_DENIED | code::AUTHENTICATION_FAILED => {
            StatusCode::FORBIDDEN
        }
        // CANNOT_PARSE_*, BAD_ARGUMENTS, TYPE_MISMATCH, SYNTAX_ERROR, values out of range, TOO_DEEP_AST, TOO_BIG_AST,
        // INCORRECT_DATA, UNKNOWN_QUERY_PARAMETER, BAD_QUERY_PARAMETER, BAD_REQUEST_PARAMETER, UNKNOWN_FORMAT
        6 | 25..=27 | 36 | 38 | 41 | 53 | 62 | 69 | 72 | 73 | 117 | 167 | 168 | 456 | 457 | 471 => {
            StatusCode::BAD_REQUEST
        }
        // UNKNOWN_FUNCTION, _IDENTIFIER, _TYPE, _STORAGE, _TABLE, _AGGREGATE_FUNCTION, _TYPE_OF_QUERY,
        // _DATABASE, _DATABASE_ENGINE, _SETTING
        46 | 47 | 50 | 56 | 60 | 63 | 78 | 81 | 115 | 336 => StatusCode::NOT_FOUND,
        code::NOT_IMPLEMENTED => StatusCode::NOT_IMPLEMENTED,
        code::TIMEOUT_EXCEEDED => StatusCode::REQUEST_TIMEOUT,
        // QUERY_IS_TOO_LARGE
        229 => StatusCode::PAYLOAD_TOO_LARGE,
        // 209 is SOCKET_TIMEOUT.
        code::CANNOT_OPEN_FILE | code::TOO_MANY_SIMULTANEOUS_QUERIES | 209 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::status_of;

    #[test]
    fn statuses() {
        for (code, status) in [
            (62, 400),
            (164, 403),
            (60, 404),
            (73, 400),
            (159, 408),
            (241, 500),
            (202, 503),
            (0, 500),
        ] {
            assert_eq!(status_of(code).as_u16(), status, "{code}");
        }
    }
}
