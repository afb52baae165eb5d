//! Units: groups of raw tables that share views. A day of a unit is rebuilt as a whole.

use jiff::civil::Date;
use lakefront_query::View;

use crate::day;

/// Number of days before today that raw tables keep whole.
pub const RAW_RETENTION_DAYS: u16 = 32;

/// A group of raw tables that share views, and these views.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The names of the raw tables.
    pub tables: Vec<&'static str>,
    /// The views that these tables feed.
    pub views: Vec<&'static View>,
}

impl Unit {
    /// Returns the names of the tables, for messages.
    pub fn name(&self) -> String {
        self.tables.join(" and ")
    }

    /// Returns the first day that any table or view of the unit keeps.
    pub fn first_day(&self, today: Date) -> Date {
        let kept = self.views.iter().map(|view| view.retention_days);
        first_kept(today, kept.fold(RAW_RETENTION_DAYS, u16::max))
    }

    /// Returns true if the raw tables keep the day.
    pub fn keeps_raw(&self, day: Date, today: Date) -> bool {
        day >= first_kept(today, RAW_RETENTION_DAYS)
    }

    /// Returns the views that keep the day.
    pub fn views_of(&self, day: Date, today: Date) -> Vec<&'static View> {
        let keeps = |view: &&&'static View| day >= first_kept(today, view.retention_days);
        self.views.iter().filter(keeps).copied().collect()
    }
}

/// Returns the first day that a table with this retention keeps whole.
pub fn first_kept(today: Date, retention_days: u16) -> Date {
    day::after(today, -i32::from(retention_days))
}

/// Groups tables so that all sources of a view are in one unit. The unit with the most views comes first.
pub fn units(tables: impl IntoIterator<Item = &'static str>, views: &'static [View]) -> Vec<Unit> {
    let mut units: Vec<Unit> = tables
        .into_iter()
        .map(|table| Unit {
            tables: vec![table],
            views: Vec::new(),
        })
        .collect();
    for view in views {
        let feeds = |unit: &mut Unit| {
            unit.tables
                .iter()
                .any(|table| view.sources.iter().any(|s| s == table))
        };
        let mut joined = units.extract_if(.., feeds);
        let Some(mut unit) = joined.next() else { continue };
        for other in joined {
            unit.tables.extend(other.tables);
            unit.views.extend(other.views);
        }
        unit.views.push(view);
        units.push(unit);
    }
    // The unit with the most views is loaded first, because the dashboard reads it most.
    units.sort_by_key(|unit| std::cmp::Reverse(unit.views.len()));
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_and_traces_share_views_and_metrics_are_alone() {
        let tables = lakefront_otel::tables().iter().map(|table| table.name);
        let units = units(tables, lakefront_query::views());
        let mut first = units[0].tables.clone();
        first.sort_unstable();
        assert_eq!(first, ["otel_logs", "otel_traces"]);
        assert_eq!(units[0].views.len(), lakefront_query::views().len());
        assert_eq!(units.len(), 6);
    }
}
