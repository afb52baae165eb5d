//! Reads a range that a viewer wrote, such as `last 3h`, `yesterday` or `2026-11-20 to now`.

use jiff::{Timestamp, Zoned, civil};
use lakefront_api::{Preset, TimeRange, instant};

/// The reason why a text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text is none of the forms that [`read`] knows.
    Unknown,
    /// The range ends before it begins.
    Reversed,
}

/// Reads a range. Days and times of the day are those of the zone of `now`.
///
/// | text | range |
/// |---|---|
/// | `3h`, `last 3 hours`, `past day` | a span up to now: minutes, hours, days or weeks |
/// | `today`, `yesterday`, `2026-11-20` | the whole day, and of today the part that is over |
/// | `2026-11-20 to now`, `3h ago - 1h ago` | from one moment to another; a day at the end is part of the range |
/// | `since yesterday` | from a moment to now |
///
/// A moment is `now`, a day, a time (`2026-11-20 12:00`), an instant (`2026-11-20T12:00:00Z`), or `3h ago`, for which
/// `now-3h` is another form.
///
/// # Errors
/// [`Fault`] for any other text, and for a range that ends before it begins.
pub fn read(text: &str, now: &Zoned) -> Result<TimeRange, Fault> {
    let words: Vec<_> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let text = words.join(" ");
    if let Some(span) = up_to_now(&text) {
        return Ok(TimeRange::Preset(span));
    }
    let (from, to) = ends(&text, now).ok_or(Fault::Unknown)?;
    let (from, to) = (from.timestamp(), to.timestamp());
    if from >= to {
        return Err(Fault::Reversed);
    }
    // What is not over yet has no data. A range in the future is left as it is, and shows nothing.
    let end = now.timestamp();
    let to = if from < end { to.min(end) } else { to };
    Ok(TimeRange::Absolute { from, to })
}

/// Reads a span that ends now.
fn up_to_now(text: &str) -> Option<Preset> {
    let mut words = ["last ", "past ", "previous "].iter();
    let named = words.find_map(|word| text.strip_prefix(word));
    match named {
        Some(text) => length(text).or_else(|| length(&format!("1 {text}"))),
        None => length(text),
    }
}

/// Reads the first instant inside of a range and the first one after it.
fn ends(text: &str, now: &Zoned) -> Option<(Zoned, Zoned)> {
    let text = text.strip_prefix("from ").unwrap_or(text);
    if let Some(from) = text.strip_prefix("since ") {
        return Some((moment(from, now)?.0, now.clone()));
    }
    let mut parted = [" to ", " until ", " – ", " - "].iter();
    match parted.find_map(|word| text.split_once(word)) {
        Some((from, to)) => Some((moment(from, now)?.0, moment(to, now)?.1)),
        // A time has no end, so that it is no range by itself.
        None => day(text, now),
    }
}

/// Reads a moment: its first instant, and the first one after it. A time has no length.
fn moment(text: &str, now: &Zoned) -> Option<(Zoned, Zoned)> {
    let zoned = |time: Timestamp| time.to_zoned(now.time_zone().clone());
    let before = |text: &str| Some(zoned(now.timestamp().checked_sub(length(text)?.duration()).ok()?));
    let local = || {
        let time: civil::DateTime = text.parse().ok()?;
        time.to_zoned(now.time_zone().clone()).ok()
    };
    let instant = || Some(zoned(text.parse().ok()?));
    day(text, now).or_else(|| {
        let time = match (text, text.strip_suffix(" ago"), text.strip_prefix("now-")) {
            ("now", ..) => Some(now.clone()),
            (_, Some(text), _) | (_, _, Some(text)) => before(text),
            _ => instant().or_else(local),
        }?;
        Some((time.clone(), time))
    })
}

/// Reads a day: its first instant, and that of the next one.
fn day(text: &str, now: &Zoned) -> Option<(Zoned, Zoned)> {
    let day = match text {
        "today" => now.date(),
        "yesterday" => now.date().yesterday().ok()?,
        _ if text.len() == "2026-11-20".len() => instant::day(text)?,
        _ => return None,
    };
    let first = |day: civil::Date| day.to_zoned(now.time_zone().clone()).ok();
    Some((first(day)?, first(day.tomorrow().ok()?)?))
}

/// Reads a length of time, such as `3h` or `3 hours`. A day has 24 hours.
fn length(text: &str) -> Option<Preset> {
    let unit = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let amount = text.strip_suffix(unit)?;
    let letter = match unit.trim_start() {
        "m" | "min" | "mins" | "minute" | "minutes" => 'm',
        "h" | "hr" | "hrs" | "hour" | "hours" => 'h',
        "d" | "day" | "days" => 'd',
        "w" | "week" | "weeks" => 'w',
        _ => return None,
    };
    format!("{amount}{letter}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text at noon of the day after Berlin's clocks went forward.
    fn reading(text: &str) -> Result<String, Fault> {
        let now: Zoned = "2026-03-30T12:00[Europe/Berlin]".parse().unwrap();
        Ok(match read(text, &now)? {
            TimeRange::Preset(preset) => preset.name(),
            TimeRange::Absolute { from, to } => {
                let local = |time: jiff::Timestamp| {
                    time.to_zoned(now.time_zone().clone())
                        .strftime("%m-%d %H:%M")
                        .to_string()
                };
                format!("{} to {}", local(from), local(to))
            }
        })
    }

    #[test]
    fn spans_up_to_now() {
        for (text, range) in [
            ("3h", "3h"),
            ("last 3h", "3h"),
            ("Last 2 days", "2d"),
            ("  past   90 min ", "90m"),
            ("previous week", "1w"),
            ("last hour", "1h"),
            ("24H", "24h"),
        ] {
            assert_eq!(reading(text).as_deref(), Ok(range), "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        for (text, range) in [
            ("today", "03-30 00:00 to 03-30 12:00"),
            // The day of 23 hours.
            ("yesterday", "03-29 00:00 to 03-30 00:00"),
            ("2026-03-28", "03-28 00:00 to 03-29 00:00"),
            // What is not over yet has no data.
            ("2026-03-30", "03-30 00:00 to 03-30 12:00"),
            ("2026-04-02", "04-02 00:00 to 04-03 00:00"),
        ] {
            assert_eq!(reading(text).as_deref(), Ok(range), "{text}");
        }
    }

    #[test]
    fn from_one_moment_to_another() {
        for (text, range) in [
            ("2026-03-20 to now", "03-20 00:00 to 03-30 12:00"),
            ("since 2026-03-20", "03-20 00:00 to 03-30 12:00"),
            ("from 2026-03-20 to 2026-03-21", "03-20 00:00 to 03-22 00:00"),
            ("yesterday – today", "03-29 00:00 to 03-30 12:00"),
            (
                "2026-03-20 08:00 until 2026-03-20T09:30",
                "03-20 08:00 to 03-20 09:30",
            ),
            ("2026-03-29T03:30:00Z to 2026-03-29T03:30:00+00:00", "reversed"),
            ("2026-03-29T03:30:00Z to 1d ago", "03-29 05:30 to 03-29 12:00"),
            ("3h ago to 1 hour ago", "03-30 09:00 to 03-30 11:00"),
            ("now-3h to now", "03-30 09:00 to 03-30 12:00"),
            ("now - 3h", "unknown"),
        ] {
            let expected = match range {
                "reversed" => Err(Fault::Reversed),
                "unknown" => Err(Fault::Unknown),
                range => Ok(range.to_owned()),
            };
            assert_eq!(reading(text), expected, "{text}");
        }
    }

    #[test]
    fn any_other_text_is_no_range() {
        for text in [
            "",
            " ",
            "bogus",
            "8y",
            "0h",
            "-3h",
            "+3h",
            "3",
            "h",
            "last",
            "last h ago",
            "99999d",
            "last 65536 days",
            "2026-13-01",
            "2026-02-30",
            "2026-11-20T12:00",
            "now",
            "3h ago",
            "to",
            " to ",
            "to now",
            "now to ",
            "a to b",
            "yesterday to tomorrow",
            "2026-03-20 to now to now",
            "９h",
            "١h",
            "last 3h; drop table",
            "3 h 5 m",
            "last month",
            "-9999-01-01 to now",
            "9999-12-31",
        ] {
            assert_eq!(reading(text), Err(Fault::Unknown), "{text:?}");
        }
        assert_eq!(reading(&"last ".repeat(100_000)), Err(Fault::Unknown));
        assert_eq!(reading("now to yesterday"), Err(Fault::Reversed));
        assert_eq!(reading("2026-03-22 to 2026-03-20"), Err(Fault::Reversed));
        // Longer than any lake, but a range: who answers it says how long one may be.
        assert_eq!(reading("last 9999 weeks").as_deref(), Ok("9999w"));
    }
}
