//! The time since an instant, for people.

use jiff::Timestamp;
use lakefront_chart::span;

/// Returns the current time of the host's clock.
#[cfg(feature = "ssr")]
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(js_sys::Date::now() as i64).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Returns the time from an instant to `now` with the word `ago`: `3 s ago`.
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    format!("{} ago", since(time, now))
}

/// Returns the time from an instant to `now`. An instant in the future counts as now.
pub fn since(time: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(time).as_secs().max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_in_the_future_counts_as_now() {
        let time = |text: &str| text.parse().unwrap();
        let now = time("2026-03-24T12:00:00Z");
        assert_eq!(ago(time("2026-03-24T11:59:00.5Z"), now), "59 s ago");
        assert_eq!(since(time("2026-03-24T12:00:05Z"), now), "0 s");
    }
}
