//! Converts the range in a URL to instants. Server only: this needs the time-zone database.

mod steps;
mod words;

use jiff::{Timestamp, Zoned, civil, tz::TimeZone};
use lakefront_api::{Problem, ProblemType, Range, TimeRange, Zone, ZoneOffset, time_zone};

pub use steps::{Ends, minute};
pub use words::{Fault, read as read_words};

use crate::view::RangeChoice;

/// Converts a viewer's range to the range of a request. Local times are in the zone `tz`. `at` is the point in the lake's
/// past that the viewer chose: words such as `yesterday` are then those of that time. A text that is no range stands for
/// the default: [`read_words`] says why.
///
/// # Errors
/// [`ProblemType::BadRequest`] if the zone does not exist, or if `from`, `to` or `at` is not a time.
pub fn time_range(
    choice: &RangeChoice,
    at: Option<&str>,
    tz: &str,
    now: Timestamp,
) -> Result<TimeRange, Problem> {
    match choice {
        RangeChoice::Preset(preset) => Ok(TimeRange::Preset(*preset)),
        RangeChoice::Words(words) => {
            let read = words::read(words, &end(at, tz, now)?);
            Ok(read.unwrap_or_default())
        }
        RangeChoice::Between { from, to } => {
            let zone = time_zone(tz)?;
            Ok(TimeRange::Absolute {
                from: instant("from", from, &zone)?,
                to: instant("to", to, &zone)?,
            })
        }
    }
}

/// Returns the end of the presets on the clocks of the zone `tz`: the point in the past that a viewer chose, or the next
/// whole minute, so that the viewers of a minute get the same answers.
///
/// # Errors
/// [`ProblemType::BadRequest`] if the zone does not exist, or if `at` is not a time.
pub fn end(at: Option<&str>, tz: &str, now: Timestamp) -> Result<Zoned, Problem> {
    let zone = time_zone(tz)?;
    let minute = || {
        let into = now.as_second().rem_euclid(60);
        Timestamp::from_second(now.as_second() - into + 60).unwrap_or(now)
    };
    let end = match at {
        Some(at) => instant("at", at, &zone)?,
        None => minute(),
    };
    Ok(end.to_zoned(zone))
}

/// Converts the point in the lake's past that a viewer chose to the `at` of a request. A local time is in the zone `tz`.
///
/// # Errors
/// [`ProblemType::BadRequest`] if the zone does not exist, or if the text is no time.
pub fn past(at: Option<&str>, tz: &str) -> Result<Option<String>, Problem> {
    at.map(|text| Ok(instant("at", text, &time_zone(tz)?)?.to_string()))
        .transpose()
}

fn instant(name: &str, text: &str, zone: &TimeZone) -> Result<Timestamp, Problem> {
    let local = || text.parse::<civil::DateTime>().ok()?.to_zoned(zone.clone()).ok();
    text.parse()
        .ok()
        .or_else(|| Some(local()?.timestamp()))
        .ok_or_else(|| {
            let detail = format!("{name}: {text:?} is no time, write it like 2026-03-24T12:00");
            Problem::new(ProblemType::BadRequest, detail)
        })
}

/// Returns the offsets of a zone over a range and one day on either side.
///
/// # Errors
/// [`ProblemType::BadRequest`] if the zone does not exist.
pub fn offsets(tz: &str, range: Range) -> Result<Zone, Problem> {
    let zone = time_zone(tz)?;
    let day = jiff::SignedDuration::from_hours(24);
    let start = range.from.checked_sub(day).unwrap_or(Timestamp::MIN);
    let end = range.to.checked_add(day).unwrap_or(Timestamp::MAX);
    let first = ZoneOffset {
        from: start,
        seconds: zone.to_offset(start).seconds(),
    };
    let changes = zone
        .following(start)
        .take_while(|change| change.timestamp() < end);
    // A range of centuries has hundreds of changes. A chart cannot show that many.
    let changes = changes
        .map(|c| ZoneOffset {
            from: c.timestamp(),
            seconds: c.offset().seconds(),
        })
        .take(64);
    Ok(Zone {
        name: tz.to_owned(),
        offsets: std::iter::once(first).chain(changes).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_in_the_zone() {
        let choice = RangeChoice::Between {
            from: "2026-03-24T12:00".into(),
            to: "2026-03-24T06:30:00Z".into(),
        };
        let TimeRange::Absolute { from, to } =
            time_range(&choice, None, "Asia/Kathmandu", Timestamp::UNIX_EPOCH).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-03-24T06:15:00Z".into(), "2026-03-24T06:30:00Z".into())
        );
    }

    #[test]
    fn a_past_state_is_named_by_a_local_time() {
        let at = |text| past(Some(text), "Europe/Berlin");
        assert_eq!(
            at("2026-03-24T12:00").unwrap().as_deref(),
            Some("2026-03-24T11:00:00Z")
        );
        assert_eq!(
            at("2026-03-24T12:00:00Z").unwrap().as_deref(),
            Some("2026-03-24T12:00:00Z")
        );
        assert!(
            at("yesterday")
                .unwrap_err()
                .detail
                .starts_with("at: \"yesterday\" is no time")
        );
        assert_eq!(past(None, "Mars/Olympus"), Ok(None));
    }

    #[test]
    fn words_are_those_of_the_past_that_is_shown() {
        let read = |words: &str, at| {
            let now = "2026-03-24T12:00:30Z".parse().unwrap();
            let choice = RangeChoice::Words(words.into());
            match time_range(&choice, at, "Europe/Berlin", now)? {
                TimeRange::Preset(preset) => Ok(preset.name()),
                TimeRange::Absolute { from, to } => Ok(format!("{from} {to}")),
            }
        };
        assert_eq!(
            read("today", None),
            Ok("2026-03-23T23:00:00Z 2026-03-24T12:01:00Z".into())
        );
        let at = Some("2026-03-20T09:00");
        assert_eq!(
            read("today", at),
            Ok("2026-03-19T23:00:00Z 2026-03-20T08:00:00Z".into())
        );
        assert_eq!(read("last 3 hours", at), Ok("3h".into()));
        assert_eq!(read("bogus", at), Ok("7d".into()));
        let problem: Problem = read("today", Some("noon")).unwrap_err();
        assert!(problem.detail.starts_with("at: \"noon\""));
    }

    #[test]
    fn a_bad_time_and_a_bad_zone_are_named() {
        let choice = RangeChoice::Between {
            from: "noon".into(),
            to: "2026-03-24T12:00".into(),
        };
        let problem = time_range(&choice, None, "UTC", Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(
            problem.detail,
            "from: \"noon\" is no time, write it like 2026-03-24T12:00"
        );
        assert!(
            time_range(&choice, None, "Mars/Olympus", Timestamp::UNIX_EPOCH)
                .unwrap_err()
                .detail
                .contains("Mars/Olympus")
        );
    }

    #[test]
    fn only_iana_names_are_zones() {
        for name in ["UTC", "Europe/Berlin", "Asia/Katmandu", "america/los_angeles"] {
            assert!(time_zone(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "Etc/Unknown",
            "+03:00",
            "localtime",
            "posix/Europe/Berlin",
            "Mars/Olympus",
        ] {
            assert!(time_zone(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_clock_change_inside_the_range_is_an_offset_of_its_own() {
        let range = Range {
            from: "2026-03-28T00:00:00Z".parse().unwrap(),
            to: "2026-03-30T00:00:00Z".parse().unwrap(),
        };
        let seconds: Vec<_> = offsets("Europe/Berlin", range)
            .unwrap()
            .offsets
            .iter()
            .map(|o| o.seconds)
            .collect();
        assert_eq!(seconds, [3600, 7200]);
    }
}
