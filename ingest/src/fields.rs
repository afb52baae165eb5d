//! Counts which fields log records and spans have, and writes the counts into the lake. The search box completes names and values
//! from them, so that no question reads the maps of attributes for that.
//!
//! Values are kept of a few columns alone, which name things of a deployment. The values of attributes may be about people, and
//! erasing their rows would leave them here.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arrow_array::{
    Array, Int32Array, MapArray, RecordBatch, StringArray, cast::AsArray as _, types::Int32Type,
};
use lakefront_api::Signal;
use lakefront_otel::{
    arrow::{AppendError, LogsBuilder},
    decode::{Request, Signal as Sent},
    map::RequestContext,
};
use lakefront_otlp::{FIELDS_EVENT, Format, Limits, accept, own_logs};
use lakefront_search::{RESOURCE, attributes, columns, named, severity};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    server::{AppState, append_own},
    time::now_micros,
};

/// The columns whose values are counted, besides the severity of log records.
const WITH_VALUES: [&str; 17] = [
    "Browser",
    "Country",
    "DeviceType",
    "Environment",
    "ErrorType",
    "EventName",
    "HttpMethod",
    "HttpRoute",
    "HttpStatusCode",
    "Os",
    "PageRoute",
    "ScopeName",
    "ServiceVersion",
    "SpanKind",
    "SpanName",
    "StatusCode",
    "VitalName",
];
const SEVERITY: &str = "SeverityNumber";
const SERVICE_NAME: &str = "ServiceName";

/// Most rows of a commit that are read for each table. Of more rows, every second, third and so on is read.
const MOST_ROWS: usize = 1_000;
/// Most services with their signal and environment at a time. Those after that count as the service [`OTHER`].
const MOST_SERVICES: usize = 100;
const OTHER: &str = "other";
/// Most fields of a service. Further ones are not counted.
const MOST_FIELDS: usize = 150;
/// Longest name of a field or a service, and longest value, in bytes. Longer ones are not counted.
const LONGEST: usize = 100;
/// Most different values of a field. One with more is written without values.
const MOST_VALUES: usize = 100;
/// Most values of a field that are written: the most frequent ones.
const WRITTEN_VALUES: usize = 10;
/// Most services whose counts are remembered as written in an hour.
const MOST_WRITTEN: usize = 200;
/// Most names that are remembered as written.
const MOST_KNOWN: usize = 20_000;

const HOUR_MICROS: i64 = 3_600_000_000;
/// The time after which counts are written.
const EVERY: Duration = Duration::from_secs(3_600);
/// The time after which counts with a new name are written, so that it is completed soon. It doubles each time until an hour has no new
/// name: a sender that puts ids into names would have counts written all the time.
const WITH_NEW: Duration = Duration::from_secs(10);
/// The time between two looks at whether counts are to be written.
const LOOK: Duration = Duration::from_secs(2);

/// The counts since the last time they were written.
#[derive(Debug)]
pub struct Fields {
    /// True if counts are written. Otherwise nothing is counted.
    is_on: bool,
    state: Mutex<State>,
}

/// A signal, a service and its environment.
type ServiceKey = (&'static str, String, String);

#[derive(Debug)]
struct State {
    services: BTreeMap<ServiceKey, Service>,
    /// The names that were counted before, each with its signal.
    known: HashSet<(&'static str, String)>,
    /// True if a name was counted that was not known.
    has_new: bool,
    /// The time after which counts with a new name are written.
    wait: Duration,
    /// When the counts began, in microseconds since 1970 UTC.
    since: i64,
}

/// The fields of the records of a service.
#[derive(Debug, Default)]
struct Service {
    records: u64,
    fields: BTreeMap<String, Field>,
}

#[derive(Debug, Default)]
struct Field {
    records: u64,
    values: BTreeMap<String, u64>,
    /// True if there are more values than are counted.
    has_more: bool,
}

impl Fields {
    /// Returns empty counts. They stay empty unless `is_on`.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on,
            state: Mutex::new(State {
                services: BTreeMap::new(),
                known: HashSet::new(),
                has_new: false,
                wait: WITH_NEW,
                since: now_micros(),
            }),
        }
    }

    /// Counts the fields of rows that were committed. Of tables other than logs and traces nothing is counted.
    pub fn count(&self, table: &str, rows: &RecordBatch) {
        let signal = [Signal::Logs, Signal::Traces];
        let signal = signal.into_iter().find(|signal| signal.table() == table);
        if let (true, Some(signal)) = (self.is_on, signal)
            && let Some(columns) = Columns::of(signal, rows)
        {
            self.lock().count(signal, &columns, rows.num_rows());
        }
    }

    /// Takes the counts as log records in OTLP's JSON encoding, if it is time to write them.
    fn due(&self, now: i64) -> Vec<Value> {
        let mut state = self.lock();
        let after = if state.has_new { state.wait } else { EVERY };
        let elapsed = Duration::from_micros(now.saturating_sub(state.since).unsigned_abs());
        if elapsed < after {
            return Vec::new();
        }
        state.take(now).map(|(_, record)| record).collect()
    }

    /// Takes the counts. Returns those of services that are not in `written` as rows of the table of logs, whose `RowId`s begin with
    /// `first_row_id`, and adds the services to it. Returns `None` if there are none. The counts of other services are dropped.
    ///
    /// # Errors
    /// Returns an error if the counts are too large for rows.
    pub fn rows_without(
        &self,
        written: &mut WrittenInHour,
        first_row_id: i64,
    ) -> Result<Option<RecordBatch>, FieldsError> {
        let now = now_micros();
        let records: Vec<_> = self
            .lock()
            .take(now)
            .filter(|(service, _)| written.add(now, service))
            .map(|(_, record)| record)
            .collect();
        match records.is_empty() {
            true => Ok(None),
            false => rows_of(&own_logs("lakefront-ingest", records), now, first_row_id).map(Some),
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The columns of rows that are counted.
struct Columns<'a> {
    service: &'a StringArray,
    environment: &'a StringArray,
    event: Option<&'a StringArray>,
    severity: Option<&'a Int32Array>,
    /// The other columns that a search can name.
    others: Vec<Column<'a>>,
    maps: Vec<&'a MapArray>,
}

/// A column that a search can name.
struct Column<'a> {
    /// Its short name.
    name: &'static str,
    /// True if its values are counted.
    has_values: bool,
    array: Values<'a>,
}

enum Values<'a> {
    Text(&'a StringArray),
    Int(&'a Int32Array),
    Other(&'a dyn Array),
}

impl<'a> Columns<'a> {
    fn of(signal: Signal, rows: &'a RecordBatch) -> Option<Self> {
        let text = |name: &str| rows.column_by_name(name)?.as_string_opt::<i32>();
        let number = |name: &str| rows.column_by_name(name)?.as_primitive_opt::<Int32Type>();
        let others =
            columns(signal).filter(|column| ![SERVICE_NAME, SEVERITY, "RowId"].contains(&column.name));
        let maps = [attributes(signal), RESOURCE];
        Some(Self {
            service: text(SERVICE_NAME)?,
            environment: text("Environment")?,
            event: text("EventName"),
            severity: number(SEVERITY),
            others: others
                .filter_map(|column| {
                    let array = match (text(column.name), number(column.name)) {
                        (Some(text), _) => Values::Text(text),
                        (None, Some(number)) => Values::Int(number),
                        (None, None) => Values::Other(rows.column_by_name(column.name)?),
                    };
                    Some(Column {
                        name: column.shown(),
                        has_values: WITH_VALUES.contains(&column.name),
                        array,
                    })
                })
                .collect(),
            maps: maps
                .iter()
                .filter_map(|name| rows.column_by_name(name)?.as_map_opt())
                .collect(),
        })
    }
}

impl State {
    fn count(&mut self, signal: Signal, columns: &Columns<'_>, rows: usize) {
        let step = rows.div_ceil(MOST_ROWS).max(1);
        // Each row that is read stands for those that are not.
        let weight = step as u64;
        for row in (0..rows).step_by(step) {
            let is_own = columns
                .event
                .is_some_and(|event| event.value(row).starts_with("lakefront."));
            if is_own {
                continue;
            }
            let mut of_row = OfRow {
                signal,
                known: &mut self.known,
                has_new: &mut self.has_new,
                service: service(
                    &mut self.services,
                    signal,
                    columns.service.value(row),
                    columns.environment.value(row),
                ),
                weight,
            };
            of_row.service.records += weight;
            if let Some(severities) = columns.severity {
                of_row.add("level", Some(severity(severities.value(row).into())));
            }
            for column in &columns.others {
                match column.array {
                    Values::Text(texts) if texts.is_null(row) || texts.value(row).is_empty() => {}
                    Values::Text(texts) => {
                        of_row.add(column.name, column.has_values.then(|| texts.value(row)))
                    }
                    Values::Int(numbers) if numbers.is_null(row) => {}
                    Values::Int(numbers) if column.has_values => {
                        of_row.add(column.name, Some(&numbers.value(row).to_string()));
                    }
                    Values::Other(others) if others.is_null(row) => {}
                    Values::Int(_) | Values::Other(_) => of_row.add(column.name, None),
                }
            }
            for map in &columns.maps {
                let entries = map.value(row);
                let keys = entries.column(0).as_string::<i32>();
                for key in (0..keys.len()).map(|entry| keys.value(entry)) {
                    // A column that was made from the attribute says the same.
                    if named(signal, key).is_none() {
                        of_row.add(key, None);
                    }
                }
            }
        }
    }

    /// Takes the counts as log records: one for each signal and service.
    fn take(&mut self, now: i64) -> impl Iterator<Item = (ServiceKey, Value)> + use<> {
        let since = std::mem::replace(&mut self.since, now);
        self.wait = match std::mem::take(&mut self.has_new) {
            true => (2 * self.wait).min(EVERY),
            false => WITH_NEW,
        };
        std::mem::take(&mut self.services)
            .into_iter()
            .map(move |(of, counted)| {
                let (signal, service, environment) = &of;
                let fields = counted
                    .fields
                    .into_iter()
                    .map(|(name, field)| (name, field.written()));
                let body = json!({
                    "signal": signal,
                    "service": service,
                    "environment": environment,
                    "records": counted.records,
                    "fields": Value::from_iter(fields),
                });
                let record = json!({
                    "timeUnixNano": (i128::from(since) * 1000).to_string(),
                    "severityNumber": 9,
                    "eventName": FIELDS_EVENT,
                    "body": {"stringValue": body.to_string()},
                });
                (of, record)
            })
    }
}

/// The services whose counts were written in an hour.
///
/// A keeper that ends after each run does not remember when it wrote counts. It keeps this with its state, so that a run each minute
/// writes those of a service once an hour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WrittenInHour {
    /// The hour, in hours since 1970 UTC.
    hour: i64,
    /// The hashes of the services. Of two with one hash, one waits for another hour.
    services: BTreeSet<u32>,
}

impl WrittenInHour {
    /// Adds a service. Returns false if it has been added in the hour of `now`, which is in microseconds since 1970 UTC, or if the hour
    /// has as many services as are kept.
    fn add(&mut self, now: i64, service: &ServiceKey) -> bool {
        let hour = now.div_euclid(HOUR_MICROS);
        if self.hour != hour {
            self.hour = hour;
            self.services.clear();
        }
        let mut hasher = DefaultHasher::new();
        (hour, service).hash(&mut hasher);
        let hash = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
        self.services.len() < MOST_WRITTEN && self.services.insert(hash)
    }
}

/// The reasons for which counts cannot become rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FieldsError {
    /// The counts are no OTLP request.
    #[error("the counts of fields cannot be read: {0}")]
    Request(String),
    /// The counts have too many bytes.
    #[error("the counts of fields have no room: {0}")]
    Append(#[from] AppendError),
}

/// Returns the log records of a request in OTLP's JSON encoding as rows.
fn rows_of(body: &str, now: i64, first_row_id: i64) -> Result<RecordBatch, FieldsError> {
    let limits = Limits {
        decoded: usize::MAX,
        columns: usize::MAX,
    };
    let accepted = accept(Sent::Logs, Format::Json, body.as_bytes(), now, 0, limits)
        .map_err(|error| FieldsError::Request(error.to_string()))?;
    let context = RequestContext {
        sender: None,
        user_agent: "",
        country: "",
        arrival: now,
    };
    let mut builder = LogsBuilder::new();
    if let Request::Logs(logs) = &accepted.request {
        builder.append_sized(logs, &context, first_row_id, accepted.column_bytes)?;
    }
    Ok(builder.finish())
}

/// Returns the counts of a service.
fn service<'a>(
    services: &'a mut BTreeMap<(&'static str, String, String), Service>,
    signal: Signal,
    name: &str,
    environment: &str,
) -> &'a mut Service {
    let mut of = (signal.name(), name.to_owned(), environment.to_owned());
    let is_new = !services.contains_key(&of);
    if name.len().max(environment.len()) > LONGEST || (is_new && services.len() >= MOST_SERVICES) {
        (of.1, of.2) = (OTHER.to_owned(), String::new());
    }
    services.entry(of).or_default()
}

/// The counts to which a row adds.
struct OfRow<'a> {
    signal: Signal,
    known: &'a mut HashSet<(&'static str, String)>,
    has_new: &'a mut bool,
    service: &'a mut Service,
    weight: u64,
}

impl OfRow<'_> {
    /// Counts a field of the row, with its value if values of the field are counted.
    fn add(&mut self, name: &str, value: Option<&str>) {
        let fields = &mut self.service.fields;
        if !fields.contains_key(name) {
            if name.len() > LONGEST || fields.len() >= MOST_FIELDS {
                return;
            }
            if self.known.len() < MOST_KNOWN && self.known.insert((self.signal.name(), name.to_owned())) {
                *self.has_new = true;
            }
            fields.insert(name.to_owned(), Field::default());
        }
        let Some(field) = fields.get_mut(name) else {
            return;
        };
        field.records += self.weight;
        let Some(value) = value else {
            return;
        };
        let is_full = value.len() > LONGEST || field.values.len() >= MOST_VALUES;
        if let Some(records) = field.values.get_mut(value) {
            *records += self.weight;
        } else if is_full {
            field.has_more = true;
        } else {
            field.values.insert(value.to_owned(), self.weight);
        }
    }
}

impl Field {
    /// Returns the number of records with the field, and the most frequent values with theirs.
    fn written(self) -> Value {
        let mut values: Vec<_> = self.values.into_iter().collect();
        values.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
        values.truncate(if self.has_more { 0 } else { WRITTEN_VALUES });
        json!({
            "records": self.records,
            "values": Value::from_iter(values.into_iter().map(|(value, records)| (value, json!(records)))),
        })
    }
}

/// Adds a task to `tasks` that writes the counts each hour, and soon after a field is there for the first time.
///
/// # Panics
/// Panics if there is no Tokio runtime.
pub fn start(tasks: &mut JoinSet<()>, state: AppState) {
    if !state.fields.is_on {
        return;
    }
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let records = state.fields.due(now_micros());
            write(&state, records).await;
        }
    });
}

/// Writes the counts that were not written yet.
pub async fn write_last(state: &AppState) {
    let records = state.fields.lock().take(now_micros());
    write(state, records.map(|(_, record)| record).collect()).await;
}

/// Writes counts. Those that the log does not take are lost.
async fn write(state: &AppState, records: Vec<Value>) {
    if let Err(error) = append_own(state, records).await {
        tracing::warn!(%error, "the fields of the last records are not counted");
    }
}

#[cfg(test)]
mod tests {
    use lakefront_otel::LOGS;

    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    /// A log record: its service, event and attributes.
    type Sample<'a> = (&'a str, &'a str, Vec<(String, String)>);

    /// Returns rows of log records.
    fn rows(records: &[Sample<'_>]) -> RecordBatch {
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let resources = records.iter().map(|(service, event, attributes)| {
            let attributes: Vec<_> = attributes.iter().map(|(key, value)| text(key, value)).collect();
            json!({
                "resource": {"attributes": [text("service.name", service), text("host.name", "a")]},
                "scopeLogs": [{"logRecords": [{
                    "timeUnixNano": (i128::from(NOW) * 1000).to_string(), "severityNumber": 17, "eventName": event,
                    "body": {"stringValue": "x"}, "attributes": attributes,
                }]}],
            })
        });
        let body = json!({"resourceLogs": resources.collect::<Vec<_>>()}).to_string();
        rows_of(&body, NOW, 0).expect("rows")
    }

    fn attribute(key: impl Into<String>, value: impl Into<String>) -> Vec<(String, String)> {
        vec![(key.into(), value.into())]
    }

    fn taken(fields: &Fields, now: i64) -> Vec<Value> {
        let bodies = fields.due(now).into_iter();
        bodies
            .map(|record| {
                assert_eq!(record["eventName"], "lakefront.fields");
                let body = record["body"]["stringValue"].as_str().expect("a body");
                serde_json::from_str(body).expect("JSON")
            })
            .collect()
    }

    fn later(fields: &Fields, by: Duration) -> i64 {
        fields.lock().since + i64::try_from(by.as_micros()).expect("microseconds")
    }

    #[test]
    fn fields_are_counted_by_service_and_values_only_of_columns() {
        let fields = Fields::new(true);
        let batch = rows(&[
            ("shop", "order", attribute("user.email", "a@example.com")),
            ("shop", "order", attribute("http.route", "/cart")),
            ("web", "lakefront.query", attribute("own", "1")),
        ]);
        fields.count(LOGS, &batch);
        assert!(taken(&fields, later(&fields, Duration::from_secs(9))).is_empty());
        let written = taken(&fields, later(&fields, WITH_NEW));
        assert_eq!(written.len(), 1, "{written:?}");
        let shop = &written[0];
        assert_eq!(
            (&shop["signal"], &shop["service"], &shop["records"]),
            (&json!("logs"), &json!("shop"), &json!(2))
        );
        let of = |name: &str| &shop["fields"][name];
        assert_eq!(of("level"), &json!({"records": 2, "values": {"error": 2}}));
        assert_eq!(of("event"), &json!({"records": 2, "values": {"order": 2}}));
        assert_eq!(of("host.name"), &json!({"records": 2, "values": {}}));
        assert_eq!(of("body"), &json!({"records": 2, "values": {}}));
        assert_eq!(of("user.email"), &json!({"records": 1, "values": {}}));
        assert!(!shop.to_string().contains("example.com"), "{shop}");
        for absent in ["http.route", "service", "own"] {
            assert_eq!(of(absent), &Value::Null, "{absent}");
        }

        // Without a new name they are written each hour.
        fields.count(LOGS, &batch);
        assert!(taken(&fields, later(&fields, EVERY / 2)).is_empty());
        assert_eq!(taken(&fields, later(&fields, EVERY)), written);
    }

    #[test]
    fn a_service_is_written_once_an_hour_by_whoever_keeps_what_was_written() {
        let mut written = WrittenInHour::default();
        let service = |number: usize| ("logs", format!("service {number}"), String::new());
        assert!(written.add(NOW, &service(0)) && !written.add(NOW, &service(0)));
        let added = (0..50_000).filter(|number| written.add(NOW, &service(*number)));
        assert_eq!(added.count(), MOST_WRITTEN - 1);
        let text = serde_json::to_string(&written).expect("JSON");
        assert!(text.len() < 3_000, "{}", text.len());
        assert!(written.add(NOW + HOUR_MICROS, &service(0)));
        assert_eq!(written.services.len(), 1);

        let fields = Fields::new(true);
        let batch = rows(&[("shop", "order", vec![]), ("web", "visit", vec![])]);
        let mut written = WrittenInHour::default();
        for events in [2, 0] {
            fields.count(LOGS, &batch);
            let rows = fields.rows_without(&mut written, 7).expect("rows");
            assert_eq!(rows.map_or(0, |rows| rows.num_rows()), events);
        }
    }

    #[test]
    fn names_that_are_always_new_are_written_more_and_more_rarely() {
        let fields = Fields::new(true);
        let mut name = 0;
        let mut wait_of_next = || {
            name += 1;
            let attributes = attribute(format!("id-{name}"), "x");
            fields.count(LOGS, &rows(&[("shop", "order", attributes)]));
            let wait = fields.lock().wait;
            assert!(taken(&fields, later(&fields, wait / 2)).is_empty());
            assert_eq!(taken(&fields, later(&fields, wait)).len(), 1);
            wait.as_secs()
        };
        let waits: Vec<_> = (0..11).map(|_| wait_of_next()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
        // After an hour without a new one, the next one is written soon.
        fields.count(LOGS, &rows(&[("shop", "order", Vec::new())]));
        assert_eq!(taken(&fields, later(&fields, EVERY)).len(), 1);
        assert_eq!(wait_of_next(), 10);
    }

    #[test]
    fn many_rows_are_a_sample() {
        let fields = Fields::new(true);
        let one = ("shop", "order", Vec::new());
        fields.count(LOGS, &rows(&vec![one; 2 * MOST_ROWS + 2]));
        let written = taken(&fields, later(&fields, EVERY));
        assert_eq!(
            written[0]["records"], 2_004,
            "every third of 2,002 rows counts as three"
        );
    }

    #[test]
    fn names_and_values_are_bounded() {
        let fields = Fields::new(true);
        let many = |number: usize| {
            let event = format!("event-{number}");
            let attributes = attribute(format!("key-{number}"), "x");
            (event, attributes)
        };
        let many: Vec<_> = (0..999).map(many).collect();
        let mut records: Vec<_> = many
            .iter()
            .map(|(event, attributes)| ("shop", event.as_str(), attributes.clone()))
            .collect();
        records.push(("shop", "", attribute("k".repeat(5_000), "x")));
        fields.count(LOGS, &rows(&records));
        let names: Vec<_> = (0..300).map(|number| format!("service-{number}")).collect();
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), "", Vec::new())).collect();
        fields.count(LOGS, &rows(&services));

        let written = taken(&fields, later(&fields, EVERY));
        assert_eq!(written.len(), MOST_SERVICES + 1);
        let shop = written
            .iter()
            .find(|one| one["service"] == "shop")
            .expect("the shop");
        assert_eq!(
            shop["fields"].as_object().map(serde_json::Map::len),
            Some(MOST_FIELDS)
        );
        assert_eq!(shop["fields"]["event"], json!({"records": 999, "values": {}}));
        let other = written
            .iter()
            .find(|one| one["service"] == OTHER)
            .expect("the others");
        assert_eq!(other["records"], 300 - (MOST_SERVICES - 1));
        assert!(written.iter().all(|one| one.to_string().len() < 64 << 10));
    }

    #[test]
    fn nothing_is_counted_where_it_is_turned_off() {
        let fields = Fields::new(false);
        fields.count(LOGS, &rows(&[("shop", "order", Vec::new())]));
        assert!(taken(&fields, later(&fields, EVERY)).is_empty());
    }
}
