//! Conversion of OTLP's times, which are nanoseconds since 1970 UTC, or 0 if unknown.

/// Converts a time to microseconds, or returns the fallback for 0. Any `u64` of nanoseconds fits.
pub(crate) fn micros(nanos: u64, fallback: i64) -> i64 {
    if nanos == 0 {
        fallback
    } else {
        (nanos / 1_000) as i64
    }
}
