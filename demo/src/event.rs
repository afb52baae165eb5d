//! The events of the shop: OpenTelemetry records as plain data, and the facts behind them.

use std::borrow::Cow;

use crate::Fault;

/// An OpenTelemetry record as plain data, with the facts that it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The process that reported the record.
    pub source: Source,
    /// The time of the event (for a span, its start), in microseconds since 1970.
    pub time: i64,
    /// The record that is sent.
    pub record: Record,
    /// The facts behind the record, which are not sent. The expected answers are computed from these instead of the
    /// attributes.
    pub facts: Facts,
}

/// A log record or a span.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A log record, with or without an event name.
    Log(Log),
    Span(Span),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The `EventName`, or `None` for a plain log line.
    pub event_name: Option<&'static str>,
    pub severity: Severity,
    /// The body, if there is one.
    pub body: Option<String>,
    pub attributes: Vec<Attribute>,
    /// The span in which the record was written.
    pub span: Option<SpanContext>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The span's own trace id and span id.
    pub context: SpanContext,
    /// The span id of the parent, in the same trace.
    pub parent: Option<u64>,
    /// True if the parent belongs to another process.
    pub parent_is_remote: bool,
    /// The span's kind.
    pub kind: Kind,
    /// The span's name.
    pub name: Cow<'static, str>,
    /// The duration, in microseconds.
    pub duration: i64,
    pub attributes: Vec<Attribute>,
    /// The events within the span.
    pub events: Vec<SpanEvent>,
    /// The spans of other traces that caused this one.
    pub links: Vec<SpanContext>,
    /// The description of the status Error. `None` is the status Unset.
    pub error: Option<String>,
}

/// An event within a span.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent {
    /// The event's name.
    pub name: &'static str,
    /// The time of the event, in microseconds since 1970.
    pub time: i64,
    pub attributes: Vec<Attribute>,
}

/// The two ids of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanContext {
    /// The id of the trace.
    pub trace_id: u128,
    /// The id of the span within the trace.
    pub span_id: u64,
}

/// The kinds of spans in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Work within a service.
    Internal,
    /// An incoming request.
    Server,
    /// An outgoing request.
    Client,
    /// Work on a message from a queue.
    Consumer,
}

/// The severities of the shop's log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// `INFO`, severity number 9.
    Info,
    /// `WARN`, severity number 13.
    Warn,
    /// `ERROR`, severity number 17.
    Error,
}

/// An attribute of a record: name and value.
pub type Attribute = (&'static str, Value);

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(Cow<'static, str>),
    Int(i64),
    /// A floating-point number.
    Float(f64),
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

/// The process that reports a record, which becomes the OpenTelemetry resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    pub service: Service,
    /// The environment in which the service runs.
    pub environment: Environment,
    /// `service.version`.
    pub version: &'static str,
}

/// The services of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The pages of the shop, in people's browsers.
    Storefront,
    /// The HTTP API behind the pages, which has traces.
    ShopApi,
    /// Payments, an older service that writes access logs and has no traces of its requests.
    Payments,
}

impl Service {
    /// Returns the `service.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::ShopApi => "shop-api",
            Self::Payments => "payments",
        }
    }
}

/// The environment in which a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// The shop for its customers.
    Production,
    /// The shop for its own testers.
    Staging,
}

impl Environment {
    /// Returns the `deployment.environment.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

/// The facts behind an event, in the terms of the named queries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The id under which the visitor is counted. Empty if the visitor is unknown.
    pub visitor: String,
    /// The logged-in user. Empty if the visitor is not logged in.
    pub user: String,
    /// The session. Empty outside of visits.
    pub session: String,
    /// True if the visitor is a robot.
    pub bot: bool,
    /// The route of the page or of the requested URL. Empty if there is none.
    pub page: Cow<'static, str>,
    /// True if the event is a page view.
    pub view: bool,
    /// The source of the visit: that of the campaign, or else the host that linked to the page. Empty without either.
    pub source: &'static str,
    /// The name of the campaign. Empty without one.
    pub campaign: &'static str,
    /// The visitor's country. Empty if it is not known.
    pub country: &'static str,
    /// The visitor's device: `desktop` or `mobile`, `bot` for robots. Empty if there is no visitor.
    pub device: &'static str,
    /// A web vital: its lower-case name and its value.
    pub vital: Option<(&'static str, f64)>,
    /// The error, if the event is one.
    pub error: Option<ErrorFact>,
    /// The request that a service answered, if the event is one.
    pub request: Option<Request>,
    /// The step of the shop's funnel, from 2 (product) to 5 (order). A page view is step 1.
    pub step: Option<u8>,
}

/// The facts of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFact {
    /// The cause of the error. All errors of one fault belong to one group.
    pub fault: Fault,
    /// The message of this occurrence.
    pub message: String,
}

/// The facts of a request that a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    /// The route. Empty if the service does not report one.
    pub route: &'static str,
    pub status: u16,
    /// The duration, in microseconds.
    pub duration: i64,
    /// True if the request counts as an error: status 500 and above, or span status Error.
    pub failed: bool,
}
