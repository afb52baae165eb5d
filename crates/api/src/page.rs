use serde::{Deserialize, Serialize};

/// A page of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// All of it at a glance.
    Overview,
    /// What goes wrong.
    Errors,
    /// One group of errors.
    Error,
    /// The errors of one user.
    User,
    /// The spans of one trace.
    Trace,
    /// Visitors and what they view.
    Web,
    /// How fast pages are for them.
    Vitals,
    /// Requests and how long they take.
    Api,
    /// The system itself.
    Operations,
}

impl Page {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Errors,
        Self::Error,
        Self::User,
        Self::Trace,
        Self::Web,
        Self::Vitals,
        Self::Api,
        Self::Operations,
    ];

    /// Its path without the slash: empty for the first.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Errors => "errors",
            Self::Error => "error",
            Self::User => "user",
            Self::Trace => "trace",
            Self::Web => "web",
            Self::Vitals => "vitals",
            Self::Api => "api",
            Self::Operations => "operations",
        }
    }

    /// The page of a slug.
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.slug() == slug)
    }
}

/// Where a page shows a named query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelPlace {
    /// The page.
    pub page: Page,
    /// Panels stand in this order; equal ones by name.
    pub position: u16,
    /// Whether it takes the whole width.
    #[serde(default)]
    pub wide: bool,
}
