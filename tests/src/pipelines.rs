//! A local stand-in for Cloudflare Pipelines, by its documented limits and behaviour. `docs/deploy/pipelines.md` has the
//! sources.
//!
//! It makes streams, sinks and pipelines by the calls of the API, takes events over HTTP, and writes real landing tables
//! when the test rolls the sinks' files. It reads the pipelines' SQL, so that a column which the SQL lacks does not land.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use lakefront_lake::{Lake, LakeConfig};
use lakefront_landing::{INGESTED, NAMESPACE, definitions};
use lakefront_otel::arrow::arrow_schema;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::LakeAt;

/// The most bytes of a request to a stream.
const REQUEST_BYTES: usize = 5_000_000;

/// The most streams, sinks, and pipelines of an account.
const RESOURCES: usize = 20;

/// A running stand-in for Cloudflare Pipelines.
#[derive(Debug)]
pub struct Pipelines {
    url: String,
    lake: LakeAt,
    account: Arc<Mutex<Account>>,
    task: JoinHandle<()>,
}

/// The resources of the account, and what tests change.
#[derive(Debug, Default)]
struct Account {
    url: String,
    /// Events that were taken and not written yet, by stream.
    streams: BTreeMap<String, Vec<Value>>,
    /// The landing table of each sink.
    sinks: BTreeMap<String, String>,
    pipelines: Vec<Pipeline>,
    requests: u64,
    treat: Option<Treat>,
}

/// Returns the treatment of a request to a stream, by the stream's name.
type TreatFn = dyn Fn(&str) -> Taking + Send + Sync;

/// The treatment of the requests to streams.
struct Treat(Box<TreatFn>);

impl std::fmt::Debug for Treat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Treat")
    }
}

/// The behaviour of a stream when it gets a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// Takes it.
    Take,
    /// Answers with this status and does not take it.
    Refuse(u16),
    /// Takes it and answers with this status all the same.
    TakeAndFail(u16),
}

/// A pipeline: the parsed SQL.
#[derive(Clone, Debug)]
struct Pipeline {
    name: String,
    sql: String,
    stream: String,
    sink: String,
    columns: Vec<(String, Expression)>,
    version: i64,
    required: Vec<String>,
}

/// An expression of the select list. The text is the key in the event.
#[derive(Clone, Debug)]
enum Expression {
    Text(String),
    Integer(String),
    OptionalInteger(String),
    Boolean(String),
    Json(String),
}

impl Pipelines {
    /// The token that the API and the streams require.
    pub const TOKEN: &'static str = "token-of-pipelines";

    /// Starts the server, without resources. Sinks write to landing tables beside the lake.
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub async fn start(lake: &LakeAt) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let account = Arc::new(Mutex::new(Account {
            url: url.clone(),
            ..Account::default()
        }));
        let routes = Router::new()
            .route(
                "/api/accounts/{account}/pipelines/v1/{kind}",
                post(create).get(list),
            )
            .route("/api/accounts/{account}/r2/buckets/{bucket}", get(bucket))
            .route("/api/accounts/{account}/r2-catalog/{bucket}", get(catalog))
            .route("/streams/{stream}", post(take))
            .layer(DefaultBodyLimit::max(2 * REQUEST_BYTES))
            .with_state(Arc::clone(&account));
        let task = tokio::spawn(async move {
            // The server ends with the test.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            url,
            lake: lake.clone(),
            account,
            task,
        })
    }

    /// Returns the address of the API.
    pub fn api(&self) -> String {
        format!("{}/api", self.url)
    }

    /// Sets the treatment of the requests to streams, by the name of the stream.
    pub fn treat(&self, treat: impl Fn(&str) -> Taking + Send + Sync + 'static) {
        lock(&self.account).treat = Some(Treat(Box::new(treat)));
    }

    /// Returns the number of requests to streams so far.
    pub fn requests(&self) -> u64 {
        lock(&self.account).requests
    }

    /// Returns the number of events that were taken and are not written yet, by stream.
    pub fn waiting(&self) -> BTreeMap<String, usize> {
        let account = lock(&self.account);
        let streams = account.streams.iter();
        streams
            .map(|(name, events)| (name.clone(), events.len()))
            .collect()
    }

    /// Writes the events of all streams to the landing tables: one file for each pipeline with rows. A sink drops the
    /// rows for which `is_dropped` returns true, by the name of its table and the number of the row.
    ///
    /// # Errors
    /// Returns an error if the landing tables cannot be written.
    pub async fn roll(&self, is_dropped: impl Fn(&str, usize) -> bool) -> Result<()> {
        let landing = Lake::open(LakeConfig {
            namespace: NAMESPACE,
            tables: definitions(),
            ..LakeConfig::at(self.lake.place()?)
        })
        .await?;
        let (pipelines, sinks, events) = {
            let mut account = lock(&self.account);
            let streams = account.streams.iter_mut();
            let events: HashMap<String, Vec<Value>> = streams
                .map(|(name, events)| (name.clone(), std::mem::take(events)))
                .collect();
            (account.pipelines.clone(), account.sinks.clone(), events)
        };
        for pipeline in pipelines {
            let table = sinks.get(&pipeline.sink).context("the sink is gone")?;
            let events = events.get(&pipeline.stream).map_or(&[][..], Vec::as_slice);
            let landed: Vec<&Value> = events
                .iter()
                .enumerate()
                .filter(|(row, event)| pipeline.is_valid(event) && !is_dropped(table, *row))
                .map(|(_, event)| event)
                .collect();
            if !landed.is_empty() {
                let files = landing.write(table, pipeline.batch(table, &landed)?).await?;
                landing.append(table, &files, None).await?;
            }
        }
        Ok(())
    }
}

impl Drop for Pipelines {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Pipeline {
    /// Parses the SQL: a list of columns and a list of conditions, each on its own line.
    fn parse(sql: &str, account: &Account) -> Result<Self> {
        let mut lines = sql.lines();
        let sink = lines.next().and_then(|line| line.strip_prefix("INSERT INTO "));
        let sink = sink.context("no INSERT INTO")?.to_owned();
        ensure!(account.sinks.contains_key(&sink), "there is no sink {sink}");
        ensure!(lines.next() == Some("SELECT"), "no SELECT");
        let mut parsed = Self {
            name: String::new(),
            sql: sql.to_owned(),
            stream: String::new(),
            sink,
            columns: Vec::new(),
            version: 0,
            required: Vec::new(),
        };
        for line in lines {
            let line = line.trim().trim_end_matches(',');
            if let Some(stream) = line.strip_prefix("FROM ") {
                ensure!(
                    account.streams.contains_key(stream),
                    "there is no stream {stream}"
                );
                stream.clone_into(&mut parsed.stream);
            } else if let Some(condition) = line.strip_prefix("WHERE ").or(line.strip_prefix("AND ")) {
                match condition.rsplit_once(" = ") {
                    Some((left, version)) => {
                        ensure!(argument("json_get_int", left)? == "_version", "{left}");
                        parsed.version = version.parse()?;
                    }
                    None => parsed.required.push(argument("json_contains", condition)?),
                }
            } else {
                let (expression, name) = line.rsplit_once(" AS ").with_context(|| line.to_owned())?;
                parsed
                    .columns
                    .push((name.to_owned(), Expression::parse(expression)?));
            }
        }
        ensure!(!parsed.stream.is_empty() && !parsed.columns.is_empty(), "{sql}");
        Ok(parsed)
    }

    fn is_valid(&self, event: &Value) -> bool {
        event["_version"].as_i64() == Some(self.version)
            && self.required.iter().all(|key| event.get(key).is_some())
    }

    /// Returns the rows that the SQL makes of events, with the columns of the landing table.
    fn batch(&self, table: &str, events: &[&Value]) -> Result<RecordBatch> {
        let definition = definitions().iter().find(|definition| definition.name == table);
        let schema = arrow_schema(definition.context("no such landing table")?);
        let mut columns: Vec<ArrayRef> = Vec::new();
        for field in schema.fields() {
            if field.name() == INGESTED {
                let now = vec![Timestamp::now().as_microsecond(); events.len()];
                columns.push(Arc::new(
                    TimestampMicrosecondArray::from(now).with_timezone("+00:00"),
                ));
                continue;
            }
            let made = self.columns.iter().find(|(name, _)| name == field.name());
            let (_, expression) = made.with_context(|| format!("the SQL has no column {}", field.name()))?;
            columns.push(expression.column(events));
        }
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}

impl Expression {
    fn parse(text: &str) -> Result<Self> {
        if let Some(case) = text.strip_prefix("CASE WHEN ") {
            let (condition, rest) = case.split_once(" THEN ").context("no THEN")?;
            let key = argument("json_get_int", rest.strip_suffix(" END").context("no END")?)?;
            ensure!(argument("json_contains", condition)? == key, "{text}");
            return Ok(Self::OptionalInteger(key));
        }
        let (function, _) = text.split_once('(').with_context(|| text.to_owned())?;
        let key = argument(function, text)?;
        Ok(match function {
            "json_get_str" => Self::Text(key),
            "json_get_int" => Self::Integer(key),
            "json_get_bool" => Self::Boolean(key),
            "json_get_json" => Self::Json(key),
            _ => bail!("{text} has no known function"),
        })
    }

    /// Returns a column. A missing value, and one of another type, is the default of its type.
    fn column(&self, events: &[&Value]) -> ArrayRef {
        match self {
            Self::Text(key) => {
                let values = events.iter().map(|event| event[key].as_str().unwrap_or_default());
                Arc::new(StringArray::from_iter_values(values))
            }
            Self::Integer(key) => {
                let values = events.iter().map(|event| event[key].as_i64().unwrap_or_default());
                Arc::new(Int64Array::from_iter_values(values))
            }
            Self::OptionalInteger(key) => {
                let value = |event: &&Value| Some(event.get(key)?.as_i64().unwrap_or_default());
                Arc::new(events.iter().map(value).collect::<Int64Array>())
            }
            Self::Boolean(key) => {
                let values = events
                    .iter()
                    .map(|event| Some(event[key].as_bool().unwrap_or_default()));
                Arc::new(values.collect::<BooleanArray>())
            }
            Self::Json(key) => {
                let values = events.iter().map(|event| event.get(key).map(Value::to_string));
                Arc::new(values.collect::<StringArray>())
            }
        }
    }
}

/// Returns the key in `function(value, 'key')`.
fn argument(function: &str, text: &str) -> Result<String> {
    let inner = text
        .strip_prefix(function)
        .and_then(|rest| rest.strip_prefix("(value, '")?.strip_suffix("')"));
    Ok(inner
        .with_context(|| format!("{text} is not {function}(value, '…')"))?
        .to_owned())
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let expected = format!("Bearer {}", Pipelines::TOKEN);
    headers
        .get(AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn failure(status: u16, message: impl std::fmt::Display) -> Response {
    let body = json!({"success": false, "errors": [{"code": 1000, "message": message.to_string()}]});
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, body.to_string()).into_response()
}

/// Makes a resource. What is there is never changed.
async fn create(
    State(account): State<Arc<Mutex<Account>>>,
    Path((_, kind)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_authorized(&headers) {
        return failure(401, "no valid token");
    }
    match create_resource(&mut lock(&account), &kind, &body) {
        Ok(result) => json!({"success": true, "result": result})
            .to_string()
            .into_response(),
        Err(error) => failure(400, error),
    }
}

fn create_resource(account: &mut Account, kind: &str, body: &[u8]) -> Result<Value> {
    let body: Value = serde_json::from_slice(body)?;
    let name = body["name"].as_str().context("no name")?.to_owned();
    ensure!((1..=128).contains(&name.len()), "a name has 1 to 128 characters");
    match kind {
        "streams" => {
            ensure!(account.streams.len() < RESOURCES, "too many streams");
            ensure!(!account.streams.contains_key(&name), "{name} is there already");
            ensure!(
                body.get("schema").is_none() && body["format"]["unstructured"] == true,
                "a schema"
            );
            let endpoint = format!("{}/streams/{name}", account.url);
            account.streams.insert(name, Vec::new());
            Ok(json!({"id": "0", "endpoint": endpoint}))
        }
        "sinks" => {
            ensure!(account.sinks.len() < RESOURCES, "too many sinks");
            let config = &body["config"];
            let table = config["table_name"].as_str().context("no table_name")?.to_owned();
            ensure!(
                config["namespace"] == NAMESPACE && body["type"] == "r2_data_catalog",
                "{body}"
            );
            ensure!(
                config["token"]
                    .as_str()
                    .is_some_and(|token| !token.starts_with('$')),
                "no token"
            );
            ensure!(
                !account.sinks.values().any(|known| *known == table),
                "{table} is there already"
            );
            let seconds = config["rolling_policy"]["interval_seconds"].as_u64();
            ensure!(
                seconds.is_some_and(|seconds| (10..=300).contains(&seconds)),
                "interval_seconds"
            );
            ensure!(!account.sinks.contains_key(&name), "{name} is there already");
            account.sinks.insert(name, table);
            Ok(json!({"id": "0"}))
        }
        "pipelines" => {
            ensure!(account.pipelines.len() < RESOURCES, "too many pipelines");
            let pipeline = Pipeline::parse(body["sql"].as_str().context("no sql")?, account)?;
            account.pipelines.push(Pipeline { name, ..pipeline });
            Ok(json!({"id": "0"}))
        }
        _ => bail!("there are no {kind}"),
    }
}

/// Lists streams, sinks or pipelines.
async fn list(
    State(account): State<Arc<Mutex<Account>>>,
    Path((_, kind)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !is_authorized(&headers) {
        return failure(401, "no valid token");
    }
    let account = lock(&account);
    let listed: Vec<Value> = match kind.as_str() {
        "streams" => account
            .streams
            .keys()
            .map(|name| json!({"id": "0", "name": name, "endpoint": format!("{}/streams/{name}", account.url)}))
            .collect(),
        "sinks" => account.sinks.keys().map(|name| json!({"id": "0", "name": name})).collect(),
        _ => account
            .pipelines
            .iter()
            .map(|pipeline| json!({"id": "0", "name": pipeline.name, "sql": pipeline.sql}))
            .collect(),
    };
    json!({"success": true, "result": listed})
        .to_string()
        .into_response()
}

/// Returns the bucket, which exists.
async fn bucket(Path((_, bucket)): Path<(String, String)>, headers: HeaderMap) -> Response {
    if !is_authorized(&headers) {
        return failure(401, "no valid token");
    }
    json!({"success": true, "result": {"name": bucket}})
        .to_string()
        .into_response()
}

/// Returns the bucket's data catalog, which is enabled and maintains nothing by itself.
async fn catalog(Path((_, bucket)): Path<(String, String)>, headers: HeaderMap) -> Response {
    if !is_authorized(&headers) {
        return failure(401, "no valid token");
    }
    json!({"success": true, "result": {"bucket": bucket, "status": "active"}})
        .to_string()
        .into_response()
}

/// Takes events. A stream without a schema takes every JSON value of the array.
async fn take(
    State(account): State<Arc<Mutex<Account>>>,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_authorized(&headers) {
        return failure(401, "no valid token");
    }
    let mut account = lock(&account);
    account.requests += 1;
    let taking = account
        .treat
        .as_ref()
        .map_or(Taking::Take, |treat| treat.0(&stream));
    if let Taking::Refuse(status) = taking {
        return failure(status, "as the test says");
    }
    if body.len() > REQUEST_BYTES {
        return failure(413, "the request is too large");
    }
    let events: Vec<Value> = match serde_json::from_slice(&body) {
        Ok(events) => events,
        Err(error) => return failure(400, error),
    };
    let Some(taken) = account.streams.get_mut(&stream) else {
        return failure(404, "there is no such stream");
    };
    let committed = events.len();
    taken.extend(events);
    if let Taking::TakeAndFail(status) = taking {
        return failure(status, "as the test says");
    }
    let answer = json!({"success": true, "result": {"committed": committed}});
    answer.to_string().into_response()
}
