//! The pages of the dashboard, and the places of queries on them.

use serde::{Deserialize, Serialize};

use crate::Signal;

/// A page of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// A summary of everything.
    Overview,
    /// The errors of all services, in groups.
    Errors,
    /// One group of errors.
    Error,
    /// The errors of one user.
    User,
    /// The services: which calls which, and how their operations do.
    Services,
    /// The search of log lines.
    Logs,
    /// The search of spans.
    Traces,
    /// The spans of one trace.
    Trace,
    /// Metrics: the list of them, or one over time.
    Metrics,
    /// Visitors and the pages that they view.
    Web,
    /// The visitors, and the application's own events.
    Visitors,
    /// One of the application's own events.
    Event,
    /// What one visitor did.
    Visitor,
    /// The speed of the pages for visitors: web vitals.
    Vitals,
    /// Requests to the API and their latency.
    Api,
    /// A statement of the viewer's own over the tables.
    Sql,
    /// The requests, records and bytes of each sender, and their cost.
    Usage,
    /// The state of Lakefront itself.
    Operations,
}

impl Page {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 18] = [
        Self::Overview,
        Self::Errors,
        Self::Error,
        Self::User,
        Self::Services,
        Self::Logs,
        Self::Traces,
        Self::Trace,
        Self::Metrics,
        Self::Web,
        Self::Visitors,
        Self::Event,
        Self::Visitor,
        Self::Vitals,
        Self::Api,
        Self::Sql,
        Self::Usage,
        Self::Operations,
    ];

    /// Returns the page's path without the slash, which is empty for the overview.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Errors => "errors",
            Self::Error => "error",
            Self::User => "user",
            Self::Services => "services",
            Self::Logs => "logs",
            Self::Traces => "traces",
            Self::Trace => "trace",
            Self::Metrics => "metrics",
            Self::Web => "web",
            Self::Visitors => "visitors",
            Self::Event => "event",
            Self::Visitor => "visitor",
            Self::Vitals => "vitals",
            Self::Api => "api",
            Self::Sql => "sql",
            Self::Usage => "usage",
            Self::Operations => "operations",
        }
    }

    /// Returns the signal that the page searches, or `None` for a page of panels.
    pub const fn signal(self) -> Option<Signal> {
        match self {
            Self::Logs => Some(Signal::Logs),
            Self::Traces => Some(Signal::Traces),
            _ => None,
        }
    }

    /// Returns the page of a slug.
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.slug() == slug)
    }
}

/// The place of a named query on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelPlace {
    /// The page that shows the query.
    pub page: Page,
    /// The position among the page's panels, in ascending order. Panels of equal position are ordered by name.
    pub position: u16,
    /// True if the panel takes the whole width.
    #[serde(default)]
    pub wide: bool,
    /// The number of rows for which a wide table has room. With fewer rows it leaves the rest free, with more it scrolls, so
    /// that the panels below it stay where they are.
    #[serde(default = "default_rows", skip_serializing_if = "is_default_rows")]
    pub rows: u8,
}

fn default_rows() -> u8 {
    6
}

fn is_default_rows(rows: &u8) -> bool {
    *rows == default_rows()
}
