//! The one server function: it asks the host's `QueryService`, and only forwards its answer.
//!
//! One function and one type for all answers keep the browser's bundle small: every type of a resource, and every
//! server function, is a copy of the machinery around it.

#[cfg(feature = "ssr")]
mod answers;
#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
mod download;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod periods;

use lakefront_api::{QueryInfo, QueryReply, Zone};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub use self::download::{Download, download};
use crate::{
    boot::Boot,
    failure::Failure,
    json::Json,
    view::{RangeChoice, View, key},
};

/// What the dashboard asks the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// What every page needs first, for a browser whose page no server rendered.
    Boot,
    /// Whether there is a time zone of this name.
    Zone(String),
    /// How the backends are.
    Health,
    /// The services and environments of the last 30 days.
    Facets,
    /// Values that queries suggest for filters.
    Suggestions(SuggestionsRequest),
    /// Whether no table has a row yet.
    LakeIsEmpty,
    /// What a part of the system tells of itself.
    Part(Part),
    /// The answer of a named query.
    Panel(PanelRequest),
}

/// What the server answers, each to its question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::Boot`].
    Boot(Box<Boot>),
    /// To [`Question::Zone`].
    ZoneIsKnown(bool),
    /// To [`Question::Health`].
    Health(Vec<Backend>),
    /// To [`Question::Facets`] and [`Question::Suggestions`].
    Facets(Vec<Facet>),
    /// To [`Question::LakeIsEmpty`].
    LakeIsEmpty {
        /// Whether it is.
        empty: bool,
        /// In words, the last request that ingest refused, for whoever wonders why.
        refusal: Option<String>,
    },
    /// To [`Question::Part`]: HTML, which the browser shows as it is and so has no code for.
    Part(String),
    /// To [`Question::Panel`].
    Panel(Box<PanelAnswer>),
}

/// A part of the system that the Operations page tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// What arrives.
    Ingest,
    /// The tables.
    Lake,
    /// How far each ClickHouse is.
    Sync,
    /// Whether it holds what the lake holds.
    Audit,
}

impl Part {
    /// In the order of the page.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Lake, Self::Sync, Self::Audit];

    /// Of the panel: its id, title, and what it tells.
    pub const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ingest => (
                "ingest",
                "Ingest",
                "What arrives, and what of it is not in the lake yet.",
            ),
            Self::Lake => ("lake", "Lake", "The current snapshot of each table."),
            Self::Sync => (
                "sync",
                "Sync",
                "How far each ClickHouse is. All that was committed until its cursor is in.",
            ),
            Self::Audit => (
                "audit",
                "Audit",
                "What the last look at each day of each table in ClickHouse found, compared with the lake.",
            ),
        }
    }
}

/// A backend, in words: the browser needs no more of its health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Its engine and region.
    pub name: String,
    /// How it is.
    pub state: String,
    /// The CSS class of that: `up`, `idle` or `down`.
    pub class: String,
    /// How long the last check took; nothing before the first.
    pub latency: String,
    /// How long ago the last check was.
    pub checked: String,
    /// How far it is behind the lake.
    pub lag: String,
    /// The last failure, or nothing.
    pub detail: String,
}

/// What is to be suggested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionsRequest {
    /// Names of filters, each with the query that suggests values.
    pub filters: Vec<(String, String)>,
    /// The range in which they are looked for.
    pub range: RangeChoice,
    /// The IANA zone of the range.
    pub tz: String,
}

/// The values of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// Its name.
    pub name: String,
    /// The values there are.
    pub values: Vec<String>,
}

/// What a panel asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRequest {
    /// The named query.
    pub query: String,
    /// The range that the viewer chose.
    pub range: RangeChoice,
    /// The IANA zone in which hours and days are cut.
    pub tz: String,
    /// Parameters as the URL has them.
    pub params: Vec<(String, String)>,
}

impl PanelRequest {
    /// Returns what a view asks of a query in a zone, and nothing while a required parameter is missing.
    pub fn new(info: &QueryInfo, view: &View, zone: &str) -> Option<Self> {
        let mut params = Vec::new();
        for param in &info.params {
            let value = view.param(&key(info, param)).to_owned();
            if !value.is_empty() {
                params.push((param.name.clone(), value));
            } else if param.required() {
                return None;
            }
        }
        Some(Self {
            query: info.name.clone(),
            range: view.range.clone(),
            tz: zone.to_owned(),
            params,
        })
    }
}

/// What a panel draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelAnswer {
    /// The router's reply.
    pub reply: QueryReply,
    /// The figures of the period before, for charts that compare.
    pub compared: Option<Compared>,
    /// The zone's offsets over the reply's range.
    pub zone: Zone,
}

/// The rows of two periods of the same length, one after the other, both over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The end of the second period on the viewer's clocks, where the reply goes on after it.
    pub until: Option<String>,
    /// The second period, which begins with the reply's range.
    pub now: Vec<Vec<serde_json::Value>>,
    /// The first period.
    pub before: Vec<Vec<serde_json::Value>>,
}

/// Asks the host.
#[server(name = Ask, prefix = "/api", endpoint = "ask", input = Json, output = Json)]
pub async fn ask(
    /// What the dashboard wants to know.
    question: Question,
) -> Result<Answer, Failure> {
    answers::answer(question).await
}

/// Registers the server function with axum by hand, for hosts without life before `main` (WebAssembly).
#[cfg(feature = "ssr")]
pub fn register() {
    leptos::server_fn::axum::register_explicit::<Ask>();
}
