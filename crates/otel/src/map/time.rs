//! OTLP's times: nanoseconds since 1970, 0 when unknown.

/// Microseconds of a time, or the fallback for 0. A `u64` of nanoseconds always fits.
pub(crate) fn micros(nanos: u64, fallback: i64) -> i64 {
    if nanos == 0 {
        fallback
    } else {
        (nanos / 1_000) as i64
    }
}
