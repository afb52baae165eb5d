use std::borrow::Cow;

use crate::Fault;

/// One thing that was reported: an OpenTelemetry record as plain data, and beside it what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who reported it.
    pub source: Source,
    /// When it happened (a span: when it began), in microseconds since 1970.
    pub time: i64,
    /// What is sent.
    pub record: Record,
    /// What it means; not sent. The expected answers are computed from this, not from the attributes.
    pub facts: Facts,
}

/// A log record or a span.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A log record, with or without an event name.
    Log(Log),
    /// A span.
    Span(Span),
}

/// A log record.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// `EventName`, or none for a plain log line.
    pub event_name: Option<&'static str>,
    /// The severity.
    pub severity: Severity,
    /// The body, where there is one.
    pub body: Option<String>,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// The span it was written in.
    pub span: Option<SpanContext>,
}

/// A span.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its own trace and span id.
    pub context: SpanContext,
    /// The span id of its parent, in the same trace.
    pub parent: Option<u64>,
    /// Whether the parent belongs to another process.
    pub parent_is_remote: bool,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Cow<'static, str>,
    /// How long it took, in microseconds.
    pub duration: i64,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// What happened in it.
    pub events: Vec<SpanEvent>,
    /// Spans of other traces that caused it.
    pub links: Vec<SpanContext>,
    /// Status Error with this description, else unset.
    pub error: Option<String>,
}

/// Something that happened in a span.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent {
    /// Its name.
    pub name: &'static str,
    /// When, in microseconds since 1970.
    pub time: i64,
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

/// The two ids of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
}

/// The kinds of spans the shop makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Work inside a service.
    Internal,
    /// An incoming request.
    Server,
    /// An outgoing request.
    Client,
    /// Work taken from a queue.
    Consumer,
}

/// The severities the shop uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// `INFO`, 9.
    Info,
    /// `WARN`, 13.
    Warn,
    /// `ERROR`, 17.
    Error,
}

/// An attribute of a record.
pub type Attribute = (&'static str, Value);

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// An integer.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Who reports: it becomes the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The service.
    pub service: Service,
    /// Where it runs.
    pub environment: Environment,
    /// `service.version`.
    pub version: &'static str,
}

/// The services of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The pages, in people's browsers.
    Storefront,
    /// The HTTP API behind them, traced.
    ShopApi,
    /// Payments: an older service that writes access logs and has no traces of its requests.
    Payments,
}

impl Service {
    /// `service.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::ShopApi => "shop-api",
            Self::Payments => "payments",
        }
    }
}

/// Where a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// Customers.
    Production,
    /// The shop's own testers.
    Staging,
}

impl Environment {
    /// `deployment.environment.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

/// What an event means, in the words of the named queries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Whom the visitor is counted as; empty where nobody is known.
    pub visitor: String,
    /// The logged-in user; empty where nobody is.
    pub user: String,
    /// The session; empty outside visits.
    pub session: String,
    /// Whether a robot did it.
    pub bot: bool,
    /// The route of the page (or of the URL that was requested); empty where there is none.
    pub page: Cow<'static, str>,
    /// Whether it is a page view.
    pub view: bool,
    /// Where the visit came from: the campaign's source, else the host that linked to the page; empty without either.
    pub source: &'static str,
    /// The campaign that did.
    pub campaign: &'static str,
    /// The country of whoever it was; empty where it is not known.
    pub country: &'static str,
    /// What they use: `desktop` or `mobile`; empty where nobody is known.
    pub device: &'static str,
    /// A web vital: lower-case name and value.
    pub vital: Option<(&'static str, f64)>,
    /// An error.
    pub error: Option<ErrorFact>,
    /// A request that a service answered.
    pub request: Option<Request>,
    /// The step of the shop's funnel, 2 (product) to 5 (order); page views are step 1.
    pub step: Option<u8>,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFact {
    /// What went wrong; all errors of one fault are one group.
    pub fault: Fault,
    /// Its message, this time.
    pub message: String,
}

/// A request that a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: &'static str,
    /// The route; empty where the service knows none.
    pub route: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// How long it took, in microseconds.
    pub duration: i64,
    /// Whether it counts as an error: status 500 and above, or span status Error.
    pub failed: bool,
}
