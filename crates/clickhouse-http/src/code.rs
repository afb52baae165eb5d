//! The error codes of ClickHouse that this project produces or treats in a special way.
//!
//! The numbers are those of `system.errors`.

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        $(
            #[doc = concat!("The code of `", stringify!($name), "`.")]
            pub const $name: u32 = $code;
        )*

        /// Returns the name of a code of this module; empty for any other code.
        pub const fn name(code: u32) -> &'static str {
            match code {
                $($code => stringify!($name),)*
                _ => "",
            }
        }
    };
}

codes! {
    BAD_ARGUMENTS = 36,
    NOT_IMPLEMENTED = 48,
    TABLE_ALREADY_EXISTS = 57,
    UNKNOWN_TABLE = 60,
    SYNTAX_ERROR = 62,
    UNKNOWN_FORMAT = 73,
    CANNOT_OPEN_FILE = 76,
    UNKNOWN_DATABASE = 81,
    UNKNOWN_SETTING = 115,
    TOO_MANY_ROWS = 158,
    TIMEOUT_EXCEEDED = 159,
    TOO_SLOW = 160,
    READONLY = 164,
    TOO_MANY_SIMULTANEOUS_QUERIES = 202,
    MEMORY_LIMIT_EXCEEDED = 241,
    TABLE_IS_READ_ONLY = 242,
    NOT_ENOUGH_SPACE = 243,
    TOO_MANY_PARTS = 252,
    TOO_MANY_BYTES = 307,
    QUERY_IS_PROHIBITED = 392,
    QUERY_WAS_CANCELLED = 394,
    TOO_MANY_ROWS_OR_BYTES = 396,
    ACCESS_DENIED = 497,
    S3_ERROR = 499,
    AUTHENTICATION_FAILED = 516,
    STD_EXCEPTION = 1001,
}

/// Returns true if an error says that a table or its database does not exist.
pub const fn is_unknown_table(code: u32) -> bool {
    matches!(code, UNKNOWN_TABLE | UNKNOWN_DATABASE)
}
