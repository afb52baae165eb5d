//! The ranges next to the one that is shown: the one before, the one after, and one twice as long.

use jiff::{SignedDuration, Zoned};
use lakefront_api::TimeRange;

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
    /// Creates the ends of a range on the clocks of `now`. A preset ends then.
    ///
    /// # Errors
    /// When an end falls outside the times that jiff can represent.
    pub fn new(range: TimeRange, now: &Zoned) -> Result<Self, jiff::Error> {
        let zoned = |time: jiff::Timestamp| time.to_zoned(now.time_zone().clone());
        Ok(match range {
            TimeRange::Preset(preset) => Self {
                from: now.checked_sub(preset.duration())?,
                to: now.clone(),
            },
            TimeRange::Absolute { from, to } => Self {
                from: zoned(from),
                to: zoned(to),
            },
        })
    }

    /// Returns the range as local times, to the minute.
    pub fn choice(&self) -> RangeChoice {
        let minute = |time: &Zoned| time.strftime("%Y-%m-%dT%H:%M").to_string();
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
            from: self.from.checked_sub(half).ok()?,
            to: self.to.checked_add(half).ok()?,
        };
        if wider.to > *now && self.from < *now {
            Self::up_to(now, double)
        } else {
            Some(wider)
        }
    }

    fn up_to(now: &Zoned, length: SignedDuration) -> Option<Self> {
        Some(Self {
            from: now.checked_sub(length).ok()?,
            to: now.clone(),
        })
    }

    fn length(&self) -> SignedDuration {
        self.to.duration_since(&self.from)
    }

    fn moved(&self, by: i32) -> Option<Self> {
        let is_midnight = |time: &Zoned| time.start_of_day().is_ok_and(|start| start == *time);
        let days = (self.to.date() - self.from.date()).get_days();
        let moved = |time: &Zoned| {
            if days > 0 && is_midnight(&self.from) && is_midnight(&self.to) {
                let date = time.date().checked_add(jiff::Span::new().days(days * by)).ok()?;
                date.to_zoned(time.time_zone().clone()).ok()
            } else {
                time.checked_add(self.length().checked_mul(by)?).ok()
            }
        };
        Some(Self {
            from: moved(&self.from)?,
            to: moved(&self.to)?,
        })
    }
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
