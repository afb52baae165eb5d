//! Groups of raw tables that share views. A day of a group is rebuilt as a whole.

use jiff::civil::Date;
use lakefront_hot_tier::View;
use lakefront_otel::RAW_RETENTION_DAYS;

use crate::day;

/// A group of raw tables that share views, and these views.
#[derive(Clone, Debug)]
pub struct TableGroup {
    /// The names of the raw tables.
    pub tables: Vec<&'static str>,
    /// The views that these tables feed.
    pub views: Vec<&'static View>,
}

impl TableGroup {
    /// Returns the names of the tables, for messages.
    pub fn name(&self) -> String {
        self.tables.join(" and ")
    }

    /// Returns the first day that any table or view of the group keeps.
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

/// Groups tables so that all sources of a view are in one group. The group with the most views comes first.
pub fn table_groups(
    tables: impl IntoIterator<Item = &'static str>,
    views: &'static [View],
) -> Vec<TableGroup> {
    let mut groups: Vec<TableGroup> = tables
        .into_iter()
        .map(|table| TableGroup {
            tables: vec![table],
            views: Vec::new(),
        })
        .collect();
    for view in views {
        let feeds = |group: &mut TableGroup| {
            group
                .tables
                .iter()
                .any(|table| view.sources.iter().any(|s| s == table))
        };
        let mut joined = groups.extract_if(.., feeds);
        let Some(mut group) = joined.next() else { continue };
        for other in joined {
            group.tables.extend(other.tables);
            group.views.extend(other.views);
        }
        group.views.push(view);
        groups.push(group);
    }
    // The group with the most views is loaded first, because the dashboard reads it most.
    groups.sort_by_key(|group| std::cmp::Reverse(group.views.len()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_and_traces_share_views_and_metrics_are_alone() {
        let tables = lakefront_otel::tables().iter().map(|table| table.name);
        let groups = table_groups(tables, lakefront_hot_tier::views());
        let mut first = groups[0].tables.clone();
        first.sort_unstable();
        assert_eq!(first, ["otel_logs", "otel_traces"]);
        assert_eq!(groups[0].views.len(), lakefront_hot_tier::views().len());
        assert_eq!(groups.len(), 6);
    }
}
