//! The reconciliation: how many rows were accepted, landed and moved, by the hour in which the Worker accepted them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{LandingHour, LandingTable};
use lakefront_landing::Hour;
use serde::{Deserialize, Serialize};

use super::hour_text;

/// The most hours of which rows are counted. The oldest are dropped.
const HOURS: usize = 48;

/// The time after an hour in which its rows may still be on their way: a sink writes every 5 minutes at least.
const SETTLE: SignedDuration = SignedDuration::from_mins(15);

/// Rows of one hour that landed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// Rows in landing files.
    pub landed: u64,
    /// Rows that were moved into the lake.
    #[serde(default)]
    pub moved: u64,
    /// Rows that had landed before.
    #[serde(default)]
    pub repeated: u64,
    /// Rows that cannot be stored.
    #[serde(default)]
    pub unreadable: u64,
}

/// Rows of a table by hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Totals(BTreeMap<Hour, Landed>);

impl Totals {
    /// Changes the counts of the hour in which a row was accepted.
    pub fn count(&mut self, accepted: i64, count: impl FnOnce(&mut Landed)) {
        count(self.0.entry(Hour::of(accepted)).or_default());
        keep_newest(&mut self.0);
    }
}

/// Drops the oldest hours past the limit.
pub fn keep_newest<T>(hours: &mut BTreeMap<Hour, T>) {
    while hours.len() > HOURS {
        hours.pop_first();
    }
}

/// Returns the reconciliation of a table at that time. `accepted` has the rows of the receipts.
pub fn status(totals: &Totals, accepted: Option<&BTreeMap<Hour, u64>>, now: Timestamp) -> LandingTable {
    let none = BTreeMap::new();
    let accepted = accepted.unwrap_or(&none);
    let mut status = LandingTable::default();
    for hour in totals.0.keys().chain(accepted.keys()) {
        let landed = totals.0.get(hour).copied().unwrap_or_default();
        let accepted = accepted.get(hour).copied().unwrap_or_default();
        let settled = Timestamp::from_microsecond(Hour(hour.0.saturating_add(1)).micros())
            .is_ok_and(|end| now.duration_since(end) >= SETTLE);
        let of_hour = LandingHour {
            accepted,
            landed: landed.landed,
            moved: landed.moved,
            repeated: landed.repeated,
            unreadable: landed.unreadable,
            missing: settled.then(|| accepted.saturating_sub(landed.landed)),
        };
        status.hours.insert(hour_text(*hour), of_hour);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MICROS: i64 = 3_600_000_000;

    #[test]
    fn what_a_sink_dropped_is_missing_once_the_hour_is_over() {
        let mut totals = Totals::default();
        totals.count(10, |landed| landed.landed = 7);
        let accepted = BTreeMap::from([(Hour(0), 10), (Hour(1), 5)]);
        let at = |micros| {
            let now = Timestamp::from_microsecond(micros).expect("a time");
            let status = status(&totals, Some(&accepted), now);
            status
                .hours
                .into_values()
                .map(|hour| hour.missing)
                .collect::<Vec<_>>()
        };
        assert_eq!(at(HOUR_MICROS), [None, None]);
        assert_eq!(at(HOUR_MICROS * 5 / 4), [Some(3), None]);
        assert_eq!(at(HOUR_MICROS * 9 / 4), [Some(3), Some(5)]);
        let repeated = BTreeMap::from([(Hour(0), 6)]);
        let now = Timestamp::from_microsecond(HOUR_MICROS * 9).expect("a time");
        let status = status_of(&totals, &repeated, now);
        assert_eq!(
            status.hours.into_values().next().and_then(|hour| hour.missing),
            Some(0)
        );
    }

    fn status_of(totals: &Totals, accepted: &BTreeMap<Hour, u64>, now: Timestamp) -> LandingTable {
        status(totals, Some(accepted), now)
    }

    #[test]
    fn hours_are_bounded_whatever_times_rows_claim() {
        let mut totals = Totals::default();
        for hour in 0..1_000 {
            totals.count(hour * HOUR_MICROS, |landed| landed.landed += 1);
        }
        totals.count(i64::MAX, |landed| landed.landed += 1);
        totals.count(i64::MIN, |landed| landed.landed += 1);
        assert_eq!(totals.0.len(), HOURS);
        let text = serde_json::to_string(&totals).expect("JSON");
        assert_eq!(serde_json::from_str::<Totals>(&text).expect("totals"), totals);
        status(&totals, None, Timestamp::now());
    }
}
