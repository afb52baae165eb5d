//! Whole HTTP requests with log records as a web server writes them: 206 bytes each.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use prost::Message;

use crate::{Compression, Options};

/// Number of different requests of a connection.
const REQUESTS: u64 = 4;

/// A request that is sent many times, each time with other ids and times. Storing it costs as much as a new request.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    /// Offsets of trace ids, span ids and times; none in a compressed body.
    ids: Vec<(usize, usize)>,
    times: Vec<usize>,
    dice: Dice,
}

impl Request {
    /// Returns the bytes of the next request.
    pub fn next(&mut self) -> &[u8] {
        for &(start, length) in &self.ids {
            for part in self.bytes[start..start + length].chunks_mut(8) {
                part.copy_from_slice(&self.dice.next().to_be_bytes()[..part.len()]);
            }
        }
        let now = now_nanos();
        for (index, &start) in self.times.iter().enumerate() {
            let time = now + index as u64 * 1_000;
            self.bytes[start..start + 8].copy_from_slice(&time.to_le_bytes());
        }
        &self.bytes
    }
}

/// Returns the requests that a connection sends in turns.
pub fn requests(options: &Options, address: &str, connection: u64) -> anyhow::Result<Vec<Request>> {
    (0..REQUESTS)
        .map(|number| request(options, address, connection * REQUESTS + number))
        .collect()
}

fn request(options: &Options, address: &str, seed: u64) -> anyhow::Result<Request> {
    let logs = logs(options.batch, seed);
    let plain = logs.encode_to_vec();
    let (encoding, body) = match options.compression {
        Compression::None => ("", plain),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&plain)?;
            ("content-encoding: gzip\r\n", encoder.finish()?)
        }
        Compression::Zstd => ("content-encoding: zstd\r\n", zstd::encode_all(&plain[..], 3)?),
    };
    let mut bytes = format!(
        "POST /v1/logs HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\n\
         {encoding}user-agent: load\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    let head = bytes.len();
    bytes.extend(body);
    let mut request = Request {
        bytes,
        ids: Vec::new(),
        times: Vec::new(),
        dice: Dice::new(seed),
    };
    if options.compression == Compression::None {
        request.find_what_changes(&logs, head);
    }
    Ok(request)
}

impl Request {
    /// Finds ids and times by their values, which are in the body in the order of their fields.
    fn find_what_changes(&mut self, logs: &ExportLogsServiceRequest, head: usize) {
        let records = &logs.resource_logs[0].scope_logs[0].log_records;
        let mut from = head;
        let mut find = |bytes: &[u8], value: &[u8]| {
            let place = bytes[from..]
                .windows(value.len())
                .position(|window| window == value);
            let start = from + place.expect("it was encoded");
            from = start + value.len();
            start
        };
        for record in records {
            self.times
                .push(find(&self.bytes, &record.time_unix_nano.to_le_bytes()));
            for id in [&record.trace_id, &record.span_id] {
                self.ids.push((find(&self.bytes, id), id.len()));
            }
            self.times
                .push(find(&self.bytes, &record.observed_time_unix_nano.to_le_bytes()));
        }
    }
}

fn now_nanos() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since_1970.as_nanos() as u64
}

fn logs(count: usize, seed: u64) -> ExportLogsServiceRequest {
    let now = now_nanos();
    let mut dice = Dice::new(seed);
    let record = |index: u64| {
        let route = ["/", "/products/:id", "/cart", "/checkout", "/search"][dice.below(5) as usize];
        let status = [200, 200, 200, 204, 404, 500][dice.below(6) as usize];
        LogRecord {
            time_unix_nano: now + index * 1_000,
            observed_time_unix_nano: now + index * 1_000,
            severity_number: if status == 500 { 17 } else { 9 },
            severity_text: if status == 500 { "ERROR" } else { "INFO" }.into(),
            body: text(format!("GET {route} answered {status} in {} ms", dice.below(900))),
            attributes: vec![
                attribute("http.route", text(route)),
                attribute("http.response.status_code", int(status)),
                attribute("user.id", text(format!("user-{}", dice.below(5_000)))),
            ],
            trace_id: [dice.next().to_be_bytes(), dice.next().to_be_bytes()].concat(),
            span_id: dice.next().to_be_bytes().to_vec(),
            ..Default::default()
        }
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![
                    attribute("service.name", text("shop")),
                    attribute("service.version", text("1.4.2")),
                    attribute("deployment.environment.name", text("production")),
                    attribute("host.name", text("web-1")),
                ],
                ..Default::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: "shop.http".into(),
                    version: "1".into(),
                    ..Default::default()
                }),
                log_records: (0..count as u64).map(record).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value,
        ..Default::default()
    }
}

fn text(text: impl Into<String>) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Value::StringValue(text.into())),
    })
}

fn int(int: i64) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Value::IntValue(int)),
    })
}

/// Pseudorandom numbers, the same in each run (xorshift64*).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}
