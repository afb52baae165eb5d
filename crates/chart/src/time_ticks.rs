//! The ticks of a time axis, and times as texts for people.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
};
use lakefront_api::Zone;

use crate::{text, tick_step::TickStep};

/// The least distance between two labels, in pixels.
const APART: f64 = 14.0;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A tick of a time axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTick {
    /// The position on the axis.
    pub time: Timestamp,
    /// The civil time in the zone, with as many parts as the step needs.
    pub label: String,
}

/// Returns ticks at round hours, days or months of the zone. There are as many as fit into `width` pixels without
/// overlapping labels.
pub fn time_ticks(from: Timestamp, to: Timestamp, zone: &Zone, width: f64) -> Vec<TimeTick> {
    let seconds = (to.as_duration() - from.as_duration()).as_secs_f64();
    if seconds <= 0.0 || width <= 0.0 {
        return Vec::new();
    }
    let pixels = |step: &TickStep| step.seconds() / seconds * width;
    let room = |step: &TickStep| text::width(if step.within_day() { "00:00" } else { "Mar 24" }) + APART;
    let step = TickStep::ALL
        .into_iter()
        .find(|step| pixels(step) >= room(step))
        .unwrap_or(TickStep::Years(5000));

    let mut ticks = Vec::new();
    let mut civil = step.floor(zone.civil(from));
    // Clock changes make steps shorter or longer, so the position of each label is checked.
    let mut free = f64::NEG_INFINITY;
    while let Some(at) = civil {
        let Some(time) = zone.instant(at) else { break };
        if time >= to {
            break;
        }
        // For a civil time that a clock change skips, the label is the time that clocks show instead.
        let label = label(zone.civil(time), step);
        let x = (time.as_duration() - from.as_duration()).as_secs_f64() / seconds * width;
        let half = text::width(&label) / 2.0;
        if time >= from && x - half >= free {
            free = x + half + APART / 2.0;
            ticks.push(TimeTick { time, label });
        }
        civil = step.next(at);
    }
    ticks
}

fn label(at: DateTime, step: TickStep) -> String {
    let month = MONTHS[usize::from(at.month().unsigned_abs() - 1) % 12];
    let midnight = at.hour() == 0 && at.minute() == 0;
    match step {
        TickStep::Minutes(_) | TickStep::Hours(_) if !midnight => {
            format!("{:02}:{:02}", at.hour(), at.minute())
        }
        TickStep::Months(_) if at.month() == 1 => at.year().to_string(),
        TickStep::Months(_) => month.into(),
        TickStep::Years(_) => at.year().to_string(),
        _ => format!("{month} {}", at.day()),
    }
}

/// Formats a time on the clocks of a zone, such as `2026-03-24 12:03:10`.
pub fn clock(time: Timestamp, zone: &Zone) -> String {
    let at = zone.civil(time);
    format!(
        "{} {:02}:{:02}:{:02}",
        day(at),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Formats a time for a form's field as a whole minute on the clocks of a zone, such as `2026-03-24T12:03`.
///
/// When clocks are set back, a minute happens twice. The second one has its offset from UTC: `2026-10-25T02:30+01:00`.
pub fn local_minute(time: Timestamp, zone: &Zone) -> String {
    let at = zone.civil(time);
    let minute = at.date().at(at.hour(), at.minute(), 0, 0);
    let shown = format!("{}T{:02}:{:02}", day(at), at.hour(), at.minute());
    let is_first = zone
        .instant(minute)
        .is_none_or(|first| time.duration_since(first) < SignedDuration::from_mins(1));
    if is_first {
        return shown;
    }
    let minutes = zone.seconds_at(time) / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{shown}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Formats a day without its year, such as `Mar 24`.
pub fn short_day(day: Date) -> String {
    format!(
        "{} {}",
        MONTHS[usize::from(day.month().unsigned_abs() - 1) % 12],
        day.day()
    )
}

/// Formats a day, such as `2026-03-24`.
pub fn day(at: DateTime) -> String {
    format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
}

#[cfg(test)]
mod tests {
    use lakefront_api::ZoneOffset;

    use super::*;

    fn labels(from: &str, to: &str, zone: &Zone, width: f64) -> String {
        let ticks = time_ticks(from.parse().unwrap(), to.parse().unwrap(), zone, width);
        ticks
            .iter()
            .map(|tick| tick.label.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn zone(offsets: &[(&str, i32)]) -> Zone {
        let offsets = offsets.iter().map(|&(from, seconds)| ZoneOffset {
            from: from.parse().unwrap(),
            seconds,
        });
        Zone {
            name: "test".into(),
            offsets: offsets.collect(),
        }
    }

    #[test]
    fn a_week_has_days_and_a_narrow_one_every_second() {
        let (from, to) = ("2026-03-17T13:00:00Z", "2026-03-24T13:00:00Z");
        assert_eq!(
            labels(from, to, &Zone::utc(), 600.0),
            "Mar 18 Mar 19 Mar 20 Mar 21 Mar 22 Mar 23 Mar 24"
        );
        assert_eq!(
            labels(from, to, &Zone::utc(), 300.0),
            "Mar 18 Mar 20 Mar 22 Mar 24"
        );
    }

    #[test]
    fn hours_are_round_in_kathmandu() {
        let kathmandu = zone(&[("2026-01-01T00:00:00Z", 20_700)]);
        let ticks = time_ticks(
            "2026-03-24T00:15:00Z".parse().unwrap(),
            "2026-03-25T00:15:00Z".parse().unwrap(),
            &kathmandu,
            400.0,
        );
        assert_eq!(ticks[0].label, "06:00");
        assert_eq!(ticks[0].time.to_string(), "2026-03-24T00:15:00Z");
    }

    #[test]
    fn midnight_is_named_by_its_day_across_a_clock_change() {
        let berlin = zone(&[("2026-03-01T00:00:00Z", 3600), ("2026-03-29T01:00:00Z", 7200)]);
        assert_eq!(
            labels("2026-03-28T17:00:00Z", "2026-03-29T16:00:00Z", &berlin, 500.0),
            "18:00 21:00 Mar 29 03:00 06:00 09:00 12:00 15:00"
        );
    }

    #[test]
    fn a_tick_in_the_hour_that_clocks_leave_out_says_what_they_show() {
        let berlin = zone(&[("2026-03-01T00:00:00Z", 3600), ("2026-03-29T01:00:00Z", 7200)]);
        assert_eq!(
            labels("2026-03-28T22:30:00Z", "2026-03-29T04:30:00Z", &berlin, 400.0),
            "Mar 29 01:00 03:00 04:00 05:00 06:00"
        );
    }

    #[test]
    fn the_second_of_two_equal_minutes_has_its_offset() {
        let berlin = zone(&[("2026-10-01T00:00:00Z", 7200), ("2026-10-25T01:00:00Z", 3600)]);
        let minute = |time: &str| local_minute(time.parse().unwrap(), &berlin);
        assert_eq!(minute("2026-10-25T00:30:59.9Z"), "2026-10-25T02:30");
        assert_eq!(minute("2026-10-25T01:30:10Z"), "2026-10-25T02:30+01:00");
        assert_eq!(minute("2026-10-25T02:00:00Z"), "2026-10-25T03:00");
    }

    #[test]
    fn long_ranges_have_months_and_years() {
        assert_eq!(
            labels(
                "2025-10-05T00:00:00Z",
                "2026-04-05T00:00:00Z",
                &Zone::utc(),
                600.0
            ),
            "Nov Dec 2026 Feb Mar Apr"
        );
        assert_eq!(
            labels(
                "1990-01-01T00:00:00Z",
                "2026-01-01T00:00:00Z",
                &Zone::utc(),
                300.0
            ),
            "1990 2000 2010 2020"
        );
    }

    #[test]
    fn an_empty_range_has_no_ticks() {
        assert_eq!(
            labels(
                "2026-03-24T00:00:00Z",
                "2026-03-24T00:00:00Z",
                &Zone::utc(),
                600.0
            ),
            ""
        );
    }
}
