//! Time zones as offsets from UTC, for the browser.

use jiff::{Timestamp, civil, tz::Offset};
use serde::{Deserialize, Serialize};

/// A time zone over one range: its name and its offsets in that range.
///
/// The browser has no time zone database of Lakefront's: the server sends this with the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// The IANA name of the zone.
    pub name: String,
    /// The offsets in force, oldest first. The first one also holds before its start.
    pub offsets: Vec<ZoneOffset>,
}

/// An offset from UTC with its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneOffset {
    /// The first instant with this offset.
    #[serde(deserialize_with = "crate::instant::required")]
    pub from: Timestamp,
    /// Seconds east of UTC.
    pub seconds: i32,
}

impl Zone {
    /// Returns UTC.
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            offsets: Vec::new(),
        }
    }

    /// Returns the offset at an instant, in seconds east of UTC.
    pub fn seconds_at(&self, time: Timestamp) -> i32 {
        let later = self.offsets.partition_point(|offset| offset.from <= time);
        self.offsets
            .get(later.saturating_sub(1))
            .map_or(0, |offset| offset.seconds)
    }

    /// Returns the civil time that clocks of the zone show at an instant.
    pub fn civil(&self, time: Timestamp) -> civil::DateTime {
        Offset::from_seconds(self.seconds_at(time))
            .unwrap_or(Offset::UTC)
            .to_datetime(time)
    }

    /// Returns the instant at which clocks of the zone show a civil time.
    ///
    /// If there are two such instants, the first is returned. If a clock change skips the civil time, the offset before
    /// the change applies. Returns `None` for a time outside of the range of [`Timestamp`].
    pub fn instant(&self, civil: civil::DateTime) -> Option<Timestamp> {
        let at = |seconds| Offset::from_seconds(seconds).ok()?.to_timestamp(civil).ok();
        let candidates = self.offsets.iter().filter_map(|offset| at(offset.seconds));
        let exact = candidates.filter(|&time| self.civil(time) == civil).min();
        let skipped = || at(self.offsets.iter().map(|o| o.seconds).min().unwrap_or(0));
        exact.or_else(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns Europe/Berlin around the last Sunday of March 2026.
    fn berlin() -> Zone {
        let offset = |from: &str, seconds| ZoneOffset {
            from: from.parse().unwrap(),
            seconds,
        };
        Zone {
            name: "Europe/Berlin".into(),
            offsets: vec![
                offset("2026-03-01T00:00:00Z", 3600),
                offset("2026-03-29T01:00:00Z", 7200),
            ],
        }
    }

    #[test]
    fn clocks_follow_the_offset_in_force() {
        let civil = |text: &str| berlin().civil(text.parse().unwrap()).to_string();
        assert_eq!(civil("2026-01-01T00:00:00Z"), "2026-01-01T01:00:00");
        assert_eq!(civil("2026-03-29T00:59:59Z"), "2026-03-29T01:59:59");
        assert_eq!(civil("2026-03-29T01:00:00Z"), "2026-03-29T03:00:00");
    }

    #[test]
    fn an_instant_comes_back_from_its_civil_time() {
        let instant = |text: &str| berlin().instant(text.parse().unwrap()).unwrap().to_string();
        assert_eq!(instant("2026-03-29T00:00:00"), "2026-03-28T23:00:00Z");
        assert_eq!(instant("2026-03-30T00:00:00"), "2026-03-29T22:00:00Z");
        assert_eq!(instant("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z");
        assert_eq!(
            Zone::utc()
                .instant("2026-03-30T00:00:00".parse().unwrap())
                .unwrap()
                .to_string(),
            "2026-03-30T00:00:00Z"
        );
    }
}
