//! The columns that a search can name, with their short names and the kinds of their values.

use lakefront_api::Signal;

/// A column of a table of logs or traces.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The name of the column.
    pub name: &'static str,
    /// The short names, the preferred one first. Without any, only the column's name is accepted.
    pub aliases: &'static [&'static str],
    /// The kind of the values.
    pub kind: Kind,
}

/// The kinds of values, which decide what tests a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text that is compared as a whole and with regard to case.
    Name,
    /// A text in which words are searched.
    Words,
    /// An id of hexadecimal digits, stored in lower case.
    Hex,
    /// A number, which may be absent.
    Number,
    /// A duration in whole nanoseconds.
    Nanoseconds,
    /// A duration in milliseconds, which may be absent.
    Milliseconds,
    /// A severity from 0 to 24.
    Severity,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// True or false.
    Truth,
}

/// The severities by name, each with its lowest and highest number.
pub const SEVERITIES: [(&str, i64, i64); 7] = [
    ("none", 0, 0),
    ("trace", 1, 4),
    ("debug", 5, 8),
    ("info", 9, 12),
    ("warn", 13, 16),
    ("error", 17, 20),
    ("fatal", 21, 24),
];

/// Returns the name of a severity.
pub fn severity(number: i64) -> &'static str {
    let mut named = SEVERITIES.iter().rev();
    named
        .find(|(_, low, _)| *low <= number)
        .map_or(SEVERITIES[0].0, |(name, ..)| name)
}

const fn column(name: &'static str, aliases: &'static [&'static str], kind: Kind) -> Column {
    Column { name, aliases, kind }
}

static LOGS: [Column; 7] = [
    column("SeverityNumber", &["level", "severity"], Kind::Severity),
    column("SeverityText", &[], Kind::Name),
    column("Body", &["body", "message"], Kind::Words),
    column("EventName", &["event"], Kind::Name),
    column("DurationMs", &["duration"], Kind::Milliseconds),
    column("TraceId", &["trace"], Kind::Hex),
    column("SpanId", &["span"], Kind::Hex),
];

static TRACES: [Column; 9] = [
    column("SpanName", &["name", "operation"], Kind::Name),
    column(
        "SpanKind",
        &["kind"],
        Kind::OneOf(&[
            "Unspecified",
            "Internal",
            "Server",
            "Client",
            "Producer",
            "Consumer",
        ]),
    ),
    column("Duration", &["duration"], Kind::Nanoseconds),
    column("DurationMs", &[], Kind::Milliseconds),
    column("StatusMessage", &["message"], Kind::Words),
    column("TraceId", &["trace"], Kind::Hex),
    column("SpanId", &["span"], Kind::Hex),
    column("ParentSpanId", &["parent"], Kind::Hex),
    // `status` is also a short name of HttpStatusCode, which takes the numbers.
    column("StatusCode", &[], STATUS),
];

/// The kind of a span's status.
pub const STATUS: Kind = Kind::OneOf(&["Unset", "Ok", "Error"]);

static BOTH: [Column; 30] = [
    column("ServiceName", &["service", "service.name"], Kind::Name),
    column(
        "ServiceNamespace",
        &["namespace", "service.namespace"],
        Kind::Name,
    ),
    column("ServiceVersion", &["version", "service.version"], Kind::Name),
    column(
        "Environment",
        &["environment", "env", "deployment.environment.name"],
        Kind::Name,
    ),
    column("ScopeName", &["scope"], Kind::Name),
    column("ScopeVersion", &[], Kind::Name),
    column("ErrorType", &["error"], Kind::Name),
    column("ErrorMessage", &["error.message"], Kind::Words),
    column("ErrorGroup", &["error.group"], Kind::Name),
    column("IsPageView", &["pageview"], Kind::Truth),
    column("PagePath", &["path"], Kind::Name),
    column("PageRoute", &["page"], Kind::Name),
    column("VitalName", &["vital"], Kind::Name),
    column("VitalValue", &["vital.value"], Kind::Number),
    column("HttpRoute", &["route", "http.route"], Kind::Name),
    column("HttpMethod", &["method"], Kind::Name),
    column("HttpStatusCode", &["status"], Kind::Number),
    column("SessionId", &["session"], Kind::Name),
    column("UserId", &["user"], Kind::Name),
    column("VisitorId", &["visitor"], Kind::Name),
    column("ReferrerHost", &["referrer"], Kind::Name),
    column("UtmSource", &[], Kind::Name),
    column("UtmMedium", &[], Kind::Name),
    column("UtmCampaign", &["campaign"], Kind::Name),
    column("Country", &["country"], Kind::Name),
    column("DeviceType", &["device"], Kind::Name),
    column("Browser", &["browser"], Kind::Name),
    column("Os", &["os"], Kind::Name),
    column("IsBot", &["bot"], Kind::Truth),
    column("RowId", &[], Kind::Number),
];

/// Returns the columns of a signal that a search can name.
pub fn columns(signal: Signal) -> impl Iterator<Item = &'static Column> {
    let own: &'static [Column] = match signal {
        Signal::Logs => &LOGS,
        Signal::Traces => &TRACES,
    };
    own.iter().chain(&BOTH)
}

/// Returns the column with a name or a short name.
pub fn named(signal: Signal, name: &str) -> Option<&'static Column> {
    columns(signal).find(|column| column.name == name || column.aliases.contains(&name))
}

impl Column {
    /// Returns the name by which a printed search calls the column.
    pub fn shown(&self) -> &'static str {
        self.aliases.first().copied().unwrap_or(self.name)
    }

    /// Returns true if values of the column may be absent.
    pub const fn is_optional(&self) -> bool {
        matches!(self.kind, Kind::Number | Kind::Milliseconds)
    }
}

/// Returns the columns in which words without a field are searched, besides the values of the record's attributes.
pub const fn texts(signal: Signal) -> &'static [&'static str] {
    match signal {
        Signal::Logs => &["Body", "EventName"],
        Signal::Traces => &["SpanName", "StatusMessage", "ErrorMessage"],
    }
}

/// Returns the column of the record's attributes.
pub const fn attributes(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "LogAttributes",
        Signal::Traces => "SpanAttributes",
    }
}

/// The column of the resource's attributes.
pub const RESOURCE: &str = "ResourceAttributes";

#[cfg(test)]
mod tests {
    use lakefront_otel::ColumnType;

    use super::*;

    #[test]
    fn columns_are_those_of_the_tables() {
        for signal in [Signal::Logs, Signal::Traces] {
            let table = lakefront_otel::tables()
                .iter()
                .find(|table| table.name == signal.table())
                .unwrap();
            let of = |name: &str| {
                let mut columns = table.columns.iter();
                columns
                    .find(|column| column.name == name)
                    .unwrap_or_else(|| panic!("{name}"))
            };
            for column in columns(signal) {
                let found = of(column.name);
                let fits = match column.kind {
                    Kind::Name | Kind::Words | Kind::Hex | Kind::OneOf(_) => {
                        found.r#type == ColumnType::String && found.required
                    }
                    Kind::Number => matches!(
                        found.r#type,
                        ColumnType::Int | ColumnType::Long | ColumnType::Double
                    ),
                    Kind::Milliseconds => found.r#type == ColumnType::Double,
                    Kind::Nanoseconds => found.r#type == ColumnType::Long && found.required,
                    Kind::Severity => found.r#type == ColumnType::Int && found.required,
                    Kind::Truth => found.r#type == ColumnType::Boolean && found.required,
                };
                assert!(fits, "{column:?} is {found:?}");
            }
            assert_eq!(of(attributes(signal)).r#type, ColumnType::StringMap);
            assert_eq!(of(RESOURCE).r#type, ColumnType::StringMap);
            texts(signal).iter().for_each(|name| {
                of(name);
            });
        }
    }

    #[test]
    fn a_short_name_means_one_column() {
        for signal in [Signal::Logs, Signal::Traces] {
            let mut names: Vec<_> = columns(signal)
                .flat_map(|column| column.aliases.iter().copied().chain([column.name]))
                .collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}
