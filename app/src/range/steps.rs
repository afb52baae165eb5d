//! The ranges next to the one that is shown: the one before, the one after, and one twice as long.

use jiff::{SignedDuration, Zoned};
use lakefront_api::TimeRange;
use lakefront_chart::day;

use crate::view::RangeChoice;

/// A range on the clocks of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// The first instant inside the range.
    pub from: Zoned,
    /// The first instant after the range.
    pub to: Zoned,
}

impl Ends {
    /// Creates the ends of a range on the clocks of `now`. A preset ends then. `None` for a range that begins before the
    /// times that jiff can represent.
    pub fn new(range: TimeRange, now: &Zoned) -> Option<Self> {
        let zoned = |time: jiff::Timestamp| time.to_zoned(now.time_zone().clone());
        Some(match range {
            TimeRange::Preset(preset) => Self::up_to(now, preset.duration())?,
            TimeRange::Absolute { from, to } => Self {
                from: zoned(from),
                to: zoned(to),
            },
        })
    }

    /// Returns the range as local times, to the minute.
    pub fn choice(&self) -> RangeChoice {
        RangeChoice::Between {
            from: minute(&self.from),
            to: minute(&self.to),
        }
    }

    /// Returns the range of the same length before this one. Whole days stay whole days.
    pub fn before(&self) -> Option<Self> {
        self.moved(-1)
    }

    /// Returns the range of the same length after this one, at most up to `now`. `None` if this one ends then.
    pub fn after(&self, now: &Zoned) -> Option<Self> {
        let next = self.moved(1)?;
        if self.to >= *now {
            None
        } else if next.to > *now {
            Self::up_to(now, self.length())
        } else {
            Some(next)
        }
    }

    /// Returns the range of twice the length with the same middle, or up to `now` if that is earlier. `None` if it would
    /// be longer than [`TimeRange::LONGEST`].
    pub fn wider(&self, now: &Zoned) -> Option<Self> {
        let length = self.length();
        let (double, half) = (length.checked_mul(2)?, length / 2);
        if double > TimeRange::LONGEST {
            return None;
        }
        let wider = Self {
            from: later(&self.from, -half)?,
            to: later(&self.to, half)?,
        };
        if wider.to > *now && self.from < *now {
            Self::up_to(now, double)
        } else {
            Some(wider)
        }
    }

    fn up_to(now: &Zoned, length: SignedDuration) -> Option<Self> {
        Some(Self {
            from: later(now, -length)?,
            to: now.clone(),
        })
    }

    fn length(&self) -> SignedDuration {
        self.to.timestamp().duration_since(self.from.timestamp())
    }

    fn moved(&self, by: i32) -> Option<Self> {
        let is_midnight = |time: &Zoned| time.start_of_day().is_ok_and(|start| start == *time);
        let days = self.to.date().duration_since(self.from.date());
        let moved = |time: &Zoned| {
            if days.is_positive() && is_midnight(&self.from) && is_midnight(&self.to) {
                let date = time.date().checked_add(days.checked_mul(by)?).ok()?;
                date.to_zoned(time.time_zone().clone()).ok()
            } else {
                later(time, self.length().checked_mul(by)?)
            }
        };
        Some(Self {
            from: moved(&self.from)?,
            to: moved(&self.to)?,
        })
    }
}

/// Returns a time as the field of a form: a local time to the minute.
pub fn minute(time: &Zoned) -> String {
    let at = time.datetime();
    format!("{}T{:02}:{:02}", day(at), at.hour(), at.minute())
}

fn later(time: &Zoned, by: SignedDuration) -> Option<Zoned> {
    let later = time.timestamp().checked_add(by).ok()?;
    Some(later.to_zoned(time.time_zone().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Zoned {
        format!("{text}[Europe/Berlin]").parse().unwrap()
    }

    fn range(from: &str, to: &str) -> Ends {
        Ends {
            from: time(from),
            to: time(to),
        }
    }

    #[test]
    fn whole_days_stay_whole_days() {
        let day = range("2026-03-30T00:00", "2026-03-31T00:00");
        // The day before has 23 hours.
        let before = day.before().unwrap();
        assert_eq!(before, range("2026-03-29T00:00", "2026-03-30T00:00"));
        assert_eq!(before.after(&time("2026-04-05T00:00")), Some(day));
        let hours = range("2026-03-29T00:00", "2026-03-29T06:00");
        assert_eq!(
            hours.before(),
            Some(range("2026-03-28T19:00", "2026-03-29T00:00"))
        );
    }

    #[test]
    fn no_range_goes_on_after_now() {
        let now = time("2026-04-01T12:00");
        let day = range("2026-03-31T00:00", "2026-04-01T00:00");
        assert_eq!(
            day.after(&now),
            Some(range("2026-03-31T12:00", "2026-04-01T12:00"))
        );
        assert_eq!(range("2026-03-31T00:00", "2026-04-01T12:00").after(&now), None);
        assert_eq!(
            day.wider(&now),
            Some(range("2026-03-30T12:00", "2026-04-01T12:00"))
        );
        assert_eq!(
            range("2026-03-31T00:00", "2026-04-01T10:00").wider(&now),
            Some(range("2026-03-29T16:00", "2026-04-01T12:00"))
        );
    }

    #[test]
    fn the_longest_range_is_no_wider() {
        let now = time("2026-04-01T12:00");
        assert!(
            range("2025-10-03T12:00", "2026-04-01T12:00")
                .wider(&now)
                .is_some()
        );
        assert_eq!(range("2025-09-01T12:00", "2026-04-01T12:00").wider(&now), None);
        let all = Ends {
            from: jiff::Timestamp::MIN.to_zoned(now.time_zone().clone()),
            to: now.clone(),
        };
        assert_eq!((all.before(), all.wider(&now)), (None, None));
    }

    #[test]
    fn a_preset_ends_now() {
        let now = time("2026-04-01T12:00");
        let ends = Ends::new(TimeRange::Preset(lakefront_api::Preset::H24), &now).unwrap();
        assert_eq!(ends, range("2026-03-31T12:00", "2026-04-01T12:00"));
        let RangeChoice::Between { from, to } = ends.choice() else {
            panic!()
        };
        assert_eq!((&*from, &*to), ("2026-03-31T12:00", "2026-04-01T12:00"));
    }
}
