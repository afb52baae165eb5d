//! The data that the server function carries: requests with parameters, and the responses.

use lakefront_api::{ChartKind, Page, QueryInfo, QueryReply, Signal, Zone};
use serde::{Deserialize, Serialize};

use crate::view::{RangeChoice, View, key};

/// A request for a part of a page that searches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExploreRequest {
    /// The part of the page.
    pub part: ExplorePart,
    /// The signal that the page searches.
    pub signal: Signal,
    /// The query string of the page, with the parameters on which the part depends.
    pub query: String,
    /// The IANA zone in which times are shown.
    pub tz: String,
    /// True if links stay below the path of pages without JavaScript.
    pub plain: bool,
}

/// A request for the choice of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickerRequest {
    /// The page.
    pub page: Page,
    /// The query string of the page.
    pub query: String,
    /// The IANA zone in which times are shown.
    pub tz: String,
}

/// A request for the content of the Metrics page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsRequest {
    /// The query string of the page.
    pub query: String,
    /// The IANA zone in which times are shown.
    pub tz: String,
    /// True if links stay below the pages without the app.
    pub plain: bool,
}

/// The content of the Metrics page. The browser draws only the chart, because it also answers the pointer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricsAnswer {
    /// The HTML before the chart: the list of metrics, or the name of one with its choices.
    pub before: String,
    /// The chart of one metric.
    pub chart: Option<MetricChart>,
    /// The HTML after the chart: how the query was answered.
    pub after: String,
}

/// The chart of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricChart {
    /// The chart and its columns, in the form of a named query.
    pub info: QueryInfo,
    /// The values: time, series, value.
    pub answer: PanelAnswer,
}

/// The parts of a page that searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExplorePart {
    /// The bars over time.
    Histogram,
    /// The list of rows.
    Rows,
    /// The detail of one row.
    Row,
}

impl ExplorePart {
    /// Returns the id and the title of the part.
    pub const fn words(self, signal: Signal) -> (&'static str, &'static str) {
        match (self, signal) {
            (Self::Histogram, Signal::Logs) => ("histogram", "Lines by severity"),
            (Self::Histogram, Signal::Traces) => ("histogram", "Spans by status"),
            (Self::Rows, _) => ("rows", "Found"),
            (Self::Row, _) => ("row", "Detail"),
        }
    }
}

/// The views of the rows that fit a search. The parameter `show` of the address chooses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The rows.
    Rows,
    /// The texts of log lines without their numbers, with counts.
    Patterns,
    /// The durations of spans over time.
    Durations,
    /// The values of fields, beside those of all other rows.
    Fields,
}

impl Shown {
    /// Returns what the address of a page asks for.
    pub fn of(view: &View, signal: Signal) -> Self {
        match (view.param("show"), signal) {
            ("patterns", Signal::Logs) => Self::Patterns,
            ("durations", Signal::Traces) => Self::Durations,
            ("fields", _) => Self::Fields,
            _ => Self::Rows,
        }
    }

    /// Returns the value of `show`, the name and the title.
    pub const fn words(self, signal: Signal) -> (&'static str, &'static str, &'static str) {
        match (self, signal) {
            (Self::Rows, Signal::Logs) => ("", "Lines", "Lines, the newest first"),
            (Self::Rows, Signal::Traces) => ("", "Spans", "Spans, the newest first"),
            (Self::Patterns, _) => ("patterns", "Patterns", "Patterns, the most frequent first"),
            (Self::Durations, _) => ("durations", "Durations", "Durations over time"),
            (Self::Fields, Signal::Logs) => ("fields", "Fields", "Fields of these lines beside all others"),
            (Self::Fields, Signal::Traces) => ("fields", "Fields", "Fields of these spans beside all others"),
        }
    }
}

/// A part of Lakefront with a panel on the Operations page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subsystem {
    /// Ingest: what arrives.
    Ingest,
    /// The lake: the tables.
    Lake,
    /// The files of each table, as ingest counts them.
    Files,
    /// Sync: how far each ClickHouse is.
    Sync,
    /// Audits: whether each ClickHouse holds what the lake holds.
    Audit,
}

impl Subsystem {
    /// Every subsystem, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Lake, Self::Files, Self::Sync, Self::Audit];

    /// Returns the panel's id, title and description.
    pub const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ingest => (
                "ingest",
                "Ingest",
                "What arrives, and what of it is not in the lake yet.",
            ),
            Self::Lake => ("lake", "Lake", "The current snapshot of each table."),
            Self::Files => (
                "files",
                "Files",
                "The files of each table, and what of them waits for compaction.",
            ),
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

/// The state of a backend as texts. The browser needs no other data about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendRow {
    /// The engine's name and the region.
    pub name: String,
    /// The state in words.
    pub state: String,
    /// The CSS class of the state: `up`, `idle` or `down`.
    pub class: String,
    /// The duration of the last check, or an empty text before the first.
    pub latency: String,
    /// The time since the last check: `3 s ago`.
    pub checked: String,
    /// The time by which the backend is behind the lake.
    pub lag: String,
    /// The last failure and the state of the container, or an empty text.
    pub detail: String,
}

/// Whether the lake has rows to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeContent {
    /// The guide to sending rows, as HTML, if the lake has none except the router's own events.
    pub guide: Option<String>,
    /// The last request that ingest refused, as a sentence. It may explain why the lake is empty.
    pub refusal: Option<String>,
}

/// A request for the values to suggest for filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionsRequest {
    /// Each filter's name, with the query that suggests its values.
    pub filters: Vec<(String, String)>,
    /// The range in which the values are searched.
    pub range: RangeChoice,
    /// The IANA zone of the range.
    pub tz: String,
}

/// The values of one filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// The filter's name.
    pub name: String,
    /// The values, sorted by name.
    pub values: Vec<String>,
}

/// A panel's request for the answer of its query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRequest {
    /// The name of the query.
    pub query: String,
    /// The range that the viewer chose.
    pub range: RangeChoice,
    /// The point in the lake's past that the viewer chose.
    pub at: Option<String>,
    /// The IANA zone in which hours and days are cut.
    pub tz: String,
    /// The parameters, as texts from the URL.
    pub params: Vec<(String, String)>,
    /// True if the answer has the series of the period before too.
    pub compare: bool,
    /// True if a drawing of the server has all parts, not only the first.
    pub all: bool,
    /// True if the page works without the app.
    pub plain: bool,
    /// The text for which the viewer looks in a drawing of the server. Empty if for none.
    pub find: String,
}

/// Returns the name in the URL of the text for which the viewer looks in a drawing.
pub fn find_key(info: &QueryInfo) -> String {
    format!("{}.find", info.name)
}

impl PanelRequest {
    /// Returns the request of a query in a view and a zone, or `None` while a required parameter is missing.
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
            at: view.at.clone(),
            tz: zone.to_owned(),
            params,
            compare: view.compare && matches!(info.chart.kind, ChartKind::Line | ChartKind::Bar),
            all: false,
            plain: false,
            find: String::new(),
        })
    }
}

#[cfg(feature = "ssr")]
impl PanelRequest {
    /// Returns the value of a parameter, if the request has it.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the parameters that every query has.
    pub fn filters(&self) -> impl Iterator<Item = &(String, String)> {
        let filters = self.params.iter();
        filters.filter(|(name, _)| ["service", "environment"].contains(&name.as_str()))
    }

    /// Returns the state of the page that sent the request, as far as the request has it.
    pub fn view(&self) -> View {
        View {
            range: self.range.clone(),
            at: self.at.clone(),
            tz: Some(self.tz.clone()),
            params: self.filters().cloned().collect(),
            ..View::default()
        }
    }
}

/// The data that a panel draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelAnswer {
    /// The router's reply.
    pub reply: QueryReply,
    /// The zone's offsets over the reply's range.
    pub zone: Zone,
    /// The answer of the period before, for charts over time that are compared.
    pub before: Option<Box<PanelAnswer>>,
    /// The moments that a chart over time marks: rows of a time in UTC and a name.
    pub moments: Vec<Vec<serde_json::Value>>,
    /// The drawing as HTML, for kinds of charts that only the server draws.
    pub drawn: Option<String>,
}

impl PanelAnswer {
    /// Creates an answer that is compared with nothing.
    #[cfg(feature = "ssr")]
    pub const fn alone(reply: QueryReply, zone: Zone) -> Self {
        Self {
            reply,
            zone,
            before: None,
            moments: Vec::new(),
            drawn: None,
        }
    }
}

/// A request for the SQL page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlPageRequest {
    /// The query string of the page.
    pub query: String,
    /// True if the page is read without JavaScript, so that the server runs the statement.
    pub plain: bool,
}
