//! Spans in the shapes of `tests/fixtures/astronomy-shop.toml`, which says what the patterns in its texts mean.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value as OtlpValue,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};
use serde::Deserialize;
use toml::{Table, Value};

const SHAPES: &str = include_str!("../../fixtures/astronomy-shop.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shapes {
    values: BTreeMap<String, Vec<String>>,
    resource: Table,
    services: BTreeMap<String, Table>,
    spans: BTreeMap<String, Shape>,
    traces: Vec<TraceShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    service: String,
    #[serde(default)]
    scope: String,
    kind: Kind,
    name: String,
    #[serde(default)]
    attributes: Table,
    #[serde(default)]
    events: Vec<Event>,
}

/// The kinds of spans, with their numbers in OTLP.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    #[serde(default)]
    attributes: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceShape {
    weight: u32,
    /// The names of spans, one a line, indented by their depth.
    spans: String,
}

/// The traffic of the shop, always the same.
pub struct Shop {
    shapes: Shapes,
    rng: Rng,
    /// The time of the next trace in nanoseconds since 1970.
    time: u64,
    /// Mean time between two spans in nanoseconds.
    step: u64,
}

impl Shop {
    /// Returns the traffic from a time on, with a span every `step` nanoseconds on average.
    pub fn new(time: u64, step: u64) -> Result<Self> {
        Ok(Self {
            shapes: toml::from_str(SHAPES)?,
            rng: Rng::with_seed(1),
            time,
            step,
        })
    }

    /// Returns the next traces, with at least that many spans.
    pub fn request(&mut self, spans: usize) -> Result<ExportTraceServiceRequest> {
        let mut services: BTreeMap<&str, BTreeMap<&str, Vec<Span>>> = BTreeMap::new();
        let mut count = 0;
        while count < spans {
            let mut trace = Trace {
                values: BTreeMap::new(),
                shapes: &self.shapes,
                rng: &mut self.rng,
            };
            let spans = trace.spans(self.time)?;
            self.time += self.step * u64::try_from(spans.len())?;
            count += spans.len();
            for (shape, span) in spans {
                let scopes = services.entry(&shape.service).or_default();
                scopes.entry(&shape.scope).or_default().push(span);
            }
        }
        let resource_spans = services.into_iter().map(|(service, scopes)| {
            let own = self.shapes.services.get(service);
            let own = own.with_context(|| format!("no service {service}"))?;
            let name = Value::String(service.to_owned());
            let attributes = [("service.name", &name)].into_iter();
            let attributes = attributes.chain(fields(&self.shapes.resource)).chain(fields(own));
            let attributes = attributes.map(|(key, value)| Ok(attribute(key, plain(value)?)));
            Ok(ResourceSpans {
                resource: Some(Resource {
                    attributes: attributes.collect::<Result<_>>()?,
                    ..Resource::default()
                }),
                scope_spans: scopes.into_iter().map(scope_spans).collect(),
                ..ResourceSpans::default()
            })
        });
        Ok(ExportTraceServiceRequest {
            resource_spans: resource_spans.collect::<Result<_>>()?,
        })
    }
}

fn scope_spans((scope, spans): (&str, Vec<Span>)) -> ScopeSpans {
    ScopeSpans {
        scope: Some(InstrumentationScope {
            name: scope.to_owned(),
            ..InstrumentationScope::default()
        }),
        spans,
        ..ScopeSpans::default()
    }
}

fn fields(table: &Table) -> impl Iterator<Item = (&str, &Value)> {
    table.iter().map(|(key, value)| (key.as_str(), value))
}

/// One trace while it is made.
struct Trace<'shapes, 'rng> {
    /// The values that stay the same within the trace, by the pattern.
    values: BTreeMap<String, String>,
    shapes: &'shapes Shapes,
    rng: &'rng mut Rng,
}

impl<'shapes> Trace<'shapes, '_> {
    /// Returns the spans of a trace that begins at a time.
    fn spans(&mut self, mut time: u64) -> Result<Vec<(&'shapes Shape, Span)>> {
        let weights: u32 = self.shapes.traces.iter().map(|trace| trace.weight).sum();
        let mut chosen = self.rng.u32(..weights);
        let shape = self.shapes.traces.iter().find(|trace| {
            let found = chosen < trace.weight;
            chosen = chosen.saturating_sub(trace.weight);
            found
        });
        let trace_id: [u8; 16] = self.rng.u128(..).to_be_bytes();
        let mut spans: Vec<(&Shape, Span)> = Vec::new();
        // The spans that are not over, by depth.
        let mut open: Vec<usize> = Vec::new();
        for line in shape.context("no trace")?.spans.lines() {
            let name = line.trim_start();
            let depth = (line.len() - name.len()) / 2;
            while open.len() > depth {
                time += self.rng.u64(20_000..400_000);
                let ended = open.pop().and_then(|index| spans.get_mut(index));
                ended.context("a span ends once")?.1.end_time_unix_nano = time;
            }
            let shape = self.shapes.spans.get(name);
            let shape = shape.with_context(|| format!("no span {name}"))?;
            time += self.rng.u64(20_000..400_000);
            let parent = open.last().map(|index| spans[*index].1.span_id.clone());
            let span = Span {
                trace_id: trace_id.to_vec(),
                span_id: self.rng.u64(1..).to_be_bytes().to_vec(),
                parent_span_id: parent.unwrap_or_default(),
                kind: shape.kind as i32,
                name: self.text(&shape.name)?,
                start_time_unix_nano: time,
                attributes: self.attributes(&shape.attributes)?,
                events: self.events(&shape.events, time)?,
                ..Span::default()
            };
            // Most calls take less than a millisecond, few take ten.
            time += 100_000 << self.rng.u32(..8);
            open.push(spans.len());
            spans.push((shape, span));
        }
        for index in open.into_iter().rev() {
            time += self.rng.u64(20_000..400_000);
            spans[index].1.end_time_unix_nano = time;
        }
        Ok(spans)
    }

    fn events(&mut self, events: &[Event], time: u64) -> Result<Vec<span::Event>> {
        let events = events.iter().map(|event| {
            Ok(span::Event {
                time_unix_nano: time + self.rng.u64(..100_000),
                name: event.name.clone(),
                attributes: self.attributes(&event.attributes)?,
                ..span::Event::default()
            })
        });
        events.collect()
    }

    fn attributes(&mut self, table: &Table) -> Result<Vec<KeyValue>> {
        let attributes = fields(table).map(|(key, value)| {
            let value = match value {
                Value::String(pattern) => self.value(pattern)?,
                value => plain(value)?,
            };
            Ok(attribute(key, value))
        });
        attributes.collect()
    }

    /// Returns the value of a pattern: a number if the text is one number, else a text.
    fn value(&mut self, pattern: &str) -> Result<OtlpValue> {
        let whole = pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let text = self.text(pattern)?;
        Ok(match whole.and_then(|name| name.split_once(' ')) {
            Some(("int", _)) => OtlpValue::IntValue(text.parse()?),
            Some(("float", _)) => OtlpValue::DoubleValue(text.parse()?),
            _ => OtlpValue::StringValue(text),
        })
    }

    /// Fills in the patterns of a text.
    fn text(&mut self, pattern: &str) -> Result<String> {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').context("a brace is not closed")?;
            text += before;
            text += &self.named(name)?;
            rest = after;
        }
        Ok(text + rest)
    }

    fn named(&mut self, name: &str) -> Result<String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let words: Vec<&str> = name.split(' ').collect();
        let value = match words[..] {
            ["int", from, to] => {
                let (from, to): (i64, i64) = (from.parse()?, to.parse()?);
                return Ok(self.rng.i64(from..=to).to_string());
            }
            ["float", from, to] => {
                let (from, to): (f64, f64) = (from.parse()?, to.parse()?);
                return Ok(format!("{:.2}", from + self.rng.f64() * (to - from)));
            }
            ["uuid", _] => {
                let hex = format!("{:032x}", self.rng.u128(..));
                let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                parts.join("-")
            }
            [list] => {
                let list = self.shapes.values.get(list);
                let value = list.and_then(|values| self.rng.choice(values));
                value.with_context(|| format!("no values of {name}"))?.clone()
            }
            _ => bail!("unknown pattern {{{name}}}"),
        };
        self.values.insert(name.to_owned(), value.clone());
        Ok(value)
    }
}

/// Returns a value that has no pattern.
fn plain(value: &Value) -> Result<OtlpValue> {
    Ok(match value {
        Value::String(text) => OtlpValue::StringValue(text.clone()),
        Value::Integer(number) => OtlpValue::IntValue(*number),
        Value::Float(number) => OtlpValue::DoubleValue(*number),
        Value::Boolean(value) => OtlpValue::BoolValue(*value),
        _ => bail!("an attribute is a text, a number or a boolean, not {value}"),
    })
}

fn attribute(key: &str, value: OtlpValue) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
