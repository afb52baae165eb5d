//! The messages of OTLP as data: the JSON name, number and kind of every field. Source:
//! <https://github.com/open-telemetry/opentelemetry-proto>, version 1.9.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};

/// A message type with its fields.
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) fields: &'static [Field],
}

/// The role of a message in a request. It decides how the message is repaired if a part of it can't be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The request, or a message between it and its records.
    Container,
    /// A log record, span or data point, with the number of its `fixed64` time field.
    Record { time: u32 },
    /// `AnyValue`.
    AnyValue,
    /// An essential part of a data point, such as the buckets of a histogram.
    Measurement,
    /// A resource or a scope, which several records share.
    Shared,
    /// A part of any other message.
    Part,
}

impl Message {
    /// Returns the field with a JSON name, in lowerCamelCase or as in the `.proto` files: JSON writers of protobuf use
    /// both.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        let exact = self.fields.iter().find(|field| field.name == name);
        exact.or_else(|| {
            let snake = name.contains('_');
            self.fields
                .iter()
                .find(|field| snake && is_snake_case_of(field.name, name))
        })
    }
}

/// Returns true if the names match like `timeUnixNano` and `time_unix_nano`.
fn is_snake_case_of(camel: &str, snake: &str) -> bool {
    let mut snake = snake.chars();
    camel.chars().all(|letter| {
        if letter.is_ascii_uppercase() {
            snake.next() == Some('_') && snake.next() == Some(letter.to_ascii_lowercase())
        } else {
            snake.next() == Some(letter)
        }
    }) && snake.next().is_none()
}

/// A field of a message.
pub(super) struct Field {
    /// Name in JSON, lowerCamelCase.
    pub(super) name: &'static str,
    /// Field number in protobuf.
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

/// The encoding of a field in JSON and in protobuf.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    /// An enumeration: a varint. The function returns the number of a name.
    Enum(fn(&str) -> Option<i32>),
    /// `uint32`: a varint.
    Uint32,
    /// `uint64`: a varint.
    Uint64,
    /// `int64`: a varint. `or_double` is the number of the sibling field that takes an integer beyond 64 bits as a
    /// double.
    Int64 {
        or_double: u32,
    },
    /// `sint32`: a zigzag varint.
    Sint32,
    Fixed32,
    Fixed64,
    /// `sfixed64`: 8 bytes. `or_double` is the number of the sibling field that takes an integer beyond 64 bits as a
    /// double.
    Sfixed64 {
        or_double: u32,
    },
    Double,
    String,
    /// `bytes` in base64.
    Bytes,
    /// `bytes` in hexadecimal: ids of traces and spans.
    Id,
    Message(&'static Message),
}

/// Describes a field that is not repeated.
const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field {
        name,
        number,
        kind,
        repeated: false,
    }
}

/// Describes a repeated field.
const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field {
        name,
        number,
        kind,
        repeated: true,
    }
}

const SEVERITY: Kind = Kind::Enum(|name| SeverityNumber::from_str_name(name).map(|number| number as i32));
const SPAN_KIND: Kind = Kind::Enum(|name| SpanKind::from_str_name(name).map(|kind| kind as i32));
const STATUS_CODE: Kind = Kind::Enum(|name| StatusCode::from_str_name(name).map(|code| code as i32));
const TEMPORALITY: Kind =
    Kind::Enum(|name| AggregationTemporality::from_str_name(name).map(|value| value as i32));

pub(super) static LOGS_REQUEST: Message = Message {
    role: Role::Container,
    fields: &[many("resourceLogs", 1, Kind::Message(&RESOURCE_LOGS))],
};

pub(super) static TRACES_REQUEST: Message = Message {
    role: Role::Container,
    fields: &[many("resourceSpans", 1, Kind::Message(&RESOURCE_SPANS))],
};

pub(super) static METRICS_REQUEST: Message = Message {
    role: Role::Container,
    fields: &[many("resourceMetrics", 1, Kind::Message(&RESOURCE_METRICS))],
};

static RESOURCE_LOGS: Message = Message {
    role: Role::Container,
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeLogs", 2, Kind::Message(&SCOPE_LOGS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_LOGS: Message = Message {
    role: Role::Container,
    fields: &[
        one("scope", 1, Kind::Message(&SCOPE)),
        many("logRecords", 2, Kind::Message(&LOG_RECORD)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static LOG_RECORD: Message = Message {
    role: Role::Record { time: 1 },
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("observedTimeUnixNano", 11, Kind::Fixed64),
        one("severityNumber", 2, SEVERITY),
        one("severityText", 3, Kind::String),
        one("body", 5, Kind::Message(&ANY_VALUE)),
        many("attributes", 6, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 7, Kind::Uint32),
        one("flags", 8, Kind::Fixed32),
        one("traceId", 9, Kind::Id),
        one("spanId", 10, Kind::Id),
        one("eventName", 12, Kind::String),
    ],
};

static RESOURCE_SPANS: Message = Message {
    role: Role::Container,
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeSpans", 2, Kind::Message(&SCOPE_SPANS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_SPANS: Message = Message {
    role: Role::Container,
    fields: &[
        one("scope", 1, Kind::Message(&SCOPE)),
        many("spans", 2, Kind::Message(&SPAN)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SPAN: Message = Message {
    role: Role::Record { time: 7 },
    fields: &[
        one("traceId", 1, Kind::Id),
        one("spanId", 2, Kind::Id),
        one("traceState", 3, Kind::String),
        one("parentSpanId", 4, Kind::Id),
        one("flags", 16, Kind::Fixed32),
        one("name", 5, Kind::String),
        one("kind", 6, SPAN_KIND),
        one("startTimeUnixNano", 7, Kind::Fixed64),
        one("endTimeUnixNano", 8, Kind::Fixed64),
        many("attributes", 9, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 10, Kind::Uint32),
        many("events", 11, Kind::Message(&SPAN_EVENT)),
        one("droppedEventsCount", 12, Kind::Uint32),
        many("links", 13, Kind::Message(&SPAN_LINK)),
        one("droppedLinksCount", 14, Kind::Uint32),
        one("status", 15, Kind::Message(&STATUS)),
    ],
};

static SPAN_EVENT: Message = Message {
    role: Role::Part,
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("name", 2, Kind::String),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Uint32),
    ],
};

static SPAN_LINK: Message = Message {
    role: Role::Part,
    fields: &[
        one("traceId", 1, Kind::Id),
        one("spanId", 2, Kind::Id),
        one("traceState", 3, Kind::String),
        many("attributes", 4, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 5, Kind::Uint32),
        one("flags", 6, Kind::Fixed32),
    ],
};

static STATUS: Message = Message {
    role: Role::Part,
    fields: &[one("message", 2, Kind::String), one("code", 3, STATUS_CODE)],
};

static RESOURCE_METRICS: Message = Message {
    role: Role::Container,
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeMetrics", 2, Kind::Message(&SCOPE_METRICS)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static SCOPE_METRICS: Message = Message {
    role: Role::Container,
    fields: &[
        one("scope", 1, Kind::Message(&SCOPE)),
        many("metrics", 2, Kind::Message(&METRIC)),
        one("schemaUrl", 3, Kind::String),
    ],
};

static METRIC: Message = Message {
    role: Role::Container,
    fields: &[
        one("name", 1, Kind::String),
        one("description", 2, Kind::String),
        one("unit", 3, Kind::String),
        one("gauge", 5, Kind::Message(&GAUGE)),
        one("sum", 7, Kind::Message(&SUM)),
        one("histogram", 9, Kind::Message(&HISTOGRAM)),
        one("exponentialHistogram", 10, Kind::Message(&EXPONENTIAL_HISTOGRAM)),
        one("summary", 11, Kind::Message(&SUMMARY)),
        many("metadata", 12, Kind::Message(&KEY_VALUE)),
    ],
};

static GAUGE: Message = Message {
    role: Role::Container,
    fields: &[many("dataPoints", 1, Kind::Message(&NUMBER_POINT))],
};

static SUM: Message = Message {
    role: Role::Container,
    fields: &[
        many("dataPoints", 1, Kind::Message(&NUMBER_POINT)),
        one("aggregationTemporality", 2, TEMPORALITY),
        one("isMonotonic", 3, Kind::Bool),
    ],
};

static HISTOGRAM: Message = Message {
    role: Role::Container,
    fields: &[
        many("dataPoints", 1, Kind::Message(&HISTOGRAM_POINT)),
        one("aggregationTemporality", 2, TEMPORALITY),
    ],
};

static EXPONENTIAL_HISTOGRAM: Message = Message {
    role: Role::Container,
    fields: &[
        many("dataPoints", 1, Kind::Message(&EXPONENTIAL_HISTOGRAM_POINT)),
        one("aggregationTemporality", 2, TEMPORALITY),
    ],
};

static SUMMARY: Message = Message {
    role: Role::Container,
    fields: &[many("dataPoints", 1, Kind::Message(&SUMMARY_POINT))],
};

static NUMBER_POINT: Message = Message {
    role: Role::Record { time: 3 },
    fields: &[
        many("attributes", 7, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("asDouble", 4, Kind::Double),
        one("asInt", 6, Kind::Sfixed64 { or_double: 4 }),
        many("exemplars", 5, Kind::Message(&EXEMPLAR)),
        one("flags", 8, Kind::Uint32),
    ],
};

static HISTOGRAM_POINT: Message = Message {
    role: Role::Record { time: 3 },
    fields: &[
        many("attributes", 9, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        many("bucketCounts", 6, Kind::Fixed64),
        many("explicitBounds", 7, Kind::Double),
        many("exemplars", 8, Kind::Message(&EXEMPLAR)),
        one("flags", 10, Kind::Uint32),
        one("min", 11, Kind::Double),
        one("max", 12, Kind::Double),
    ],
};

static EXPONENTIAL_HISTOGRAM_POINT: Message = Message {
    role: Role::Record { time: 3 },
    fields: &[
        many("attributes", 1, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        one("scale", 6, Kind::Sint32),
        one("zeroCount", 7, Kind::Fixed64),
        one("positive", 8, Kind::Message(&BUCKETS)),
        one("negative", 9, Kind::Message(&BUCKETS)),
        one("flags", 10, Kind::Uint32),
        many("exemplars", 11, Kind::Message(&EXEMPLAR)),
        one("min", 12, Kind::Double),
        one("max", 13, Kind::Double),
        one("zeroThreshold", 14, Kind::Double),
    ],
};

static BUCKETS: Message = Message {
    role: Role::Measurement,
    fields: &[
        one("offset", 1, Kind::Sint32),
        many("bucketCounts", 2, Kind::Uint64),
    ],
};

static SUMMARY_POINT: Message = Message {
    role: Role::Record { time: 3 },
    fields: &[
        many("attributes", 7, Kind::Message(&KEY_VALUE)),
        one("startTimeUnixNano", 2, Kind::Fixed64),
        one("timeUnixNano", 3, Kind::Fixed64),
        one("count", 4, Kind::Fixed64),
        one("sum", 5, Kind::Double),
        many("quantileValues", 6, Kind::Message(&VALUE_AT_QUANTILE)),
        one("flags", 8, Kind::Uint32),
    ],
};

static VALUE_AT_QUANTILE: Message = Message {
    role: Role::Measurement,
    fields: &[one("quantile", 1, Kind::Double), one("value", 2, Kind::Double)],
};

static EXEMPLAR: Message = Message {
    role: Role::Part,
    fields: &[
        many("filteredAttributes", 7, Kind::Message(&KEY_VALUE)),
        one("timeUnixNano", 2, Kind::Fixed64),
        one("asDouble", 3, Kind::Double),
        one("asInt", 6, Kind::Sfixed64 { or_double: 3 }),
        one("spanId", 4, Kind::Id),
        one("traceId", 5, Kind::Id),
    ],
};

static RESOURCE: Message = Message {
    role: Role::Shared,
    fields: &[
        many("attributes", 1, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 2, Kind::Uint32),
        many("entityRefs", 3, Kind::Message(&ENTITY_REF)),
    ],
};

static ENTITY_REF: Message = Message {
    role: Role::Part,
    fields: &[
        one("schemaUrl", 1, Kind::String),
        one("type", 2, Kind::String),
        many("idKeys", 3, Kind::String),
        many("descriptionKeys", 4, Kind::String),
    ],
};

static SCOPE: Message = Message {
    role: Role::Shared,
    fields: &[
        one("name", 1, Kind::String),
        one("version", 2, Kind::String),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Uint32),
    ],
};

static KEY_VALUE: Message = Message {
    role: Role::Part,
    fields: &[
        one("key", 1, Kind::String),
        one("value", 2, Kind::Message(&ANY_VALUE)),
    ],
};

static KEY_VALUE_LIST: Message = Message {
    role: Role::Part,
    fields: &[many("values", 1, Kind::Message(&KEY_VALUE))],
};

static ARRAY_VALUE: Message = Message {
    role: Role::Part,
    fields: &[many("values", 1, Kind::Message(&ANY_VALUE))],
};

static ANY_VALUE: Message = Message {
    role: Role::AnyValue,
    fields: &[
        one("stringValue", 1, Kind::String),
        one("boolValue", 2, Kind::Bool),
        one("intValue", 3, Kind::Int64 { or_double: 4 }),
        one("doubleValue", 4, Kind::Double),
        one("arrayValue", 5, Kind::Message(&ARRAY_VALUE)),
        one("kvlistValue", 6, Kind::Message(&KEY_VALUE_LIST)),
        one("bytesValue", 7, Kind::Bytes),
    ],
};
