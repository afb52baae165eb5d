//! A local server that plays the accounts on Cloudflare and Fly.io, and the programs wrangler and flyctl.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::documented::{self, Documented};

pub const TOKEN: &str = "token-of-cloudflare";
pub const FLY_TOKEN: &str = "token-of-fly";

/// The accounts.
#[derive(Clone)]
pub struct Account {
    pub url: String,
    state: Arc<Mutex<Accounts>>,
}

/// What is in the accounts, and what tests change.
#[derive(Default)]
pub struct Accounts {
    pub bucket: Option<String>,
    pub objects: usize,
    pub expires: bool,
    pub catalog: Option<Catalog>,
    /// Streams, sinks and pipelines: the body by which each was made, by list and name.
    pub landing: BTreeMap<(String, String), Value>,
    pub worker: Option<Worker>,
    pub containers: BTreeSet<String>,
    pub protected: Vec<String>,
    pub apps: BTreeMap<String, App>,
    /// Every call and program that changes something, in order.
    pub writes: Vec<String>,
    /// Everything that was on a command line.
    pub arguments: Vec<String>,
    pub violations: Vec<String>,
    /// The number of the write that fails, and true if it has its effect all the same.
    pub fails: Option<(usize, bool)>,
    /// The status of calls whose path has this text, the number of times, and `Retry-After`.
    pub refuses: Option<(String, u16, usize)>,
    pub calls: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub active: bool,
    pub compacts: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worker {
    pub variables: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct App {
    pub organization: String,
    pub secrets: BTreeMap<String, String>,
    pub staged: BTreeSet<String>,
    pub environment: BTreeMap<String, String>,
    pub volume_gb: Option<u64>,
    pub configuration: Value,
}

impl Account {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Mutex<Accounts>>::default();
        let documented: Arc<Vec<(String, Documented)>> = Arc::new(documented::all());
        let routes = axum::Router::new()
            .fallback(any)
            .with_state((Arc::clone(&state), documented));
        tokio::spawn(async move {
            // The server ends with the test.
            let _ = axum::serve(listener, routes).await;
        });
        Self { url, state }
    }

    pub fn get(&self) -> MutexGuard<'_, Accounts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Shared = (Arc<Mutex<Accounts>>, Arc<Vec<(String, Documented)>>);

async fn any(
    State((state, documented)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.calls += 1;
    let path = uri.path();
    if let Some(program) = path.strip_prefix("/program/") {
        let header = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let arguments: Vec<&str> = header("x-arguments")
            .split('|')
            .filter(|argument| !argument.is_empty())
            .collect();
        return state.program(program, &arguments, header("x-token"), &body);
    }
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (path, token) = match path.strip_prefix("/cloudflare") {
        Some(path) => (path, TOKEN),
        None => (path.strip_prefix("/fly").unwrap_or(path), FLY_TOKEN),
    };
    if let Some((part, status, times)) = state.refuses.clone()
        && path.contains(&part)
        && times > 0
    {
        state.refuses = Some((part, status, times - 1));
        return refusal(status, 10_000 + u32::from(status), "as the test says");
    }
    if authorization != format!("Bearer {token}") {
        return refusal(401, 10_000, "Authentication error");
    }
    let call = documented.iter().find(|(_, call)| call.is(method.as_str(), path));
    let Some((name, call)) = call else {
        state
            .violations
            .push(format!("{method} {path} is not documented"));
        return refusal(405, 10_405, "Method not allowed for this authentication scheme");
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(key) = call.unknown_key(&body) {
        state
            .violations
            .push(format!("{name}: the body has {key}, which is not documented"));
    }
    let effect = |state: &mut Accounts| state.call(name, path, &body, call);
    if method == Method::GET {
        return effect(&mut state);
    }
    state.write(format!("{method} {path}"), effect)
}

/// Returns an error as Cloudflare's documentation has it.
fn refusal(status: u16, code: u32, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message }], "messages": [], "result": null, "success": false });
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("retry-after", "0")], body.to_string()).into_response()
}

impl Accounts {
    /// Counts a write, and has it fail if the test says so.
    fn write(&mut self, what: String, effect: impl FnOnce(&mut Self) -> Response) -> Response {
        self.writes.push(what);
        match self.fails {
            Some((number, _)) if number != self.writes.len() => effect(self),
            None => effect(self),
            Some((_, has_effect)) => {
                if has_effect {
                    effect(self);
                }
                refusal(500, 10_001, "internal error")
            }
        }
    }

    fn call(&mut self, name: &str, path: &str, body: &Value, call: &Documented) -> Response {
        let last = path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut answer = call.answer.clone();
        let missing = || refusal(404, 10_006, "The specified resource does not exist.");
        match name {
            "r2_bucket_create" => {
                if self.bucket.is_some() {
                    return refusal(
                        409,
                        10_004,
                        "The bucket you tried to create already exists, and you own it.",
                    );
                }
                self.bucket = body["name"].as_str().map(str::to_owned);
            }
            "r2_bucket_get" if self.bucket.as_deref() != Some(&last) => return missing(),
            "r2_bucket_get" => {}
            "r2_bucket_delete" if self.objects > 0 => {
                return refusal(
                    409,
                    10_008,
                    "The bucket you tried to delete is not empty (account …).",
                );
            }
            "r2_bucket_delete" => self.bucket = None,
            "r2_objects_list" if self.objects == 0 => answer["result"] = json!([]),
            "r2_objects_list" => {}
            "r2_lifecycle_update" => {
                let rule = &body["rules"][0];
                self.expires = rule["enabled"] == true
                    && rule["deleteObjectsTransition"]["condition"]["maxAge"] == 86_400;
            }
            "catalog_get" => match &self.catalog {
                Some(catalog) => {
                    let state = |on| if on { "enabled" } else { "disabled" };
                    answer["result"]["status"] = if catalog.active { "active" } else { "inactive" }.into();
                    for kind in ["compaction", "snapshot_expiration"] {
                        answer["result"]["maintenance_config"][kind]["state"] =
                            state(catalog.compacts).into();
                    }
                }
                None => return missing(),
            },
            "catalog_enable" => self.catalog.get_or_insert_default().active = true,
            "catalog_disable" => self.catalog.get_or_insert_default().active = false,
            "catalog_maintenance" => {
                self.catalog.get_or_insert_default().compacts = body["compaction"]["state"] == "enabled";
            }
            "stream_create" | "sink_create" | "pipeline_create" => {
                let made = body["name"].as_str().unwrap_or_default().to_owned();
                let key = (last, made.clone());
                if self.landing.contains_key(&key) {
                    return refusal(409, 1_004, "already exists");
                }
                answer["result"] = landed(&answer["result"], &key, body);
                self.landing.insert(key, body.clone());
            }
            "stream_list" | "sink_list" | "pipeline_list" => {
                let of_kind = self.landing.iter().filter(|((list, _), _)| *list == last);
                answer["result"] = of_kind
                    .map(|(key, body)| landed(&call.answer["result"][0], key, body))
                    .collect();
            }
            "stream_delete" | "sink_delete" | "pipeline_delete" => {
                self.landing.retain(|key, _| id(key) != last);
            }
            "worker_settings" => match &self.worker {
                Some(worker) => {
                    let text = |(name, text)| json!({ "name": name, "text": text, "type": "plain_text" });
                    let secret = |name| json!({ "name": name, "type": "secret_text" });
                    let bindings = worker
                        .variables
                        .iter()
                        .map(text)
                        .chain(worker.secrets.keys().map(secret));
                    answer["result"]["bindings"] = bindings.collect();
                }
                None => return refusal(404, 10_007, "This Worker does not exist on your account."),
            },
            "worker_delete" => self.worker = None,
            "containers_list" => {
                let listed = self.containers.iter().map(|name| {
                    let mut one = call.answer["result"][0].clone();
                    (one["name"], one["id"]) = (name.as_str().into(), format!("id-{name}").into());
                    one
                });
                answer["result"] = listed.collect();
            }
            "container_delete" => self.containers.retain(|name| format!("id-{name}") != last),
            "access_list" => {
                let listed = self.protected.iter().map(|host| {
                    let mut one = call.answer["result"][0].clone();
                    (one["domain"], one["self_hosted_domains"]) = (host.as_str().into(), json!([host]));
                    one
                });
                answer["result"] = listed.collect();
            }
            "worker_subdomain" | "token_verify" => {}
            "fly_app_get" if !self.apps.contains_key(&last) => return missing(),
            "fly_app_get" => {}
            "fly_apps_list" => {
                let listed = self.apps.keys().map(|name| {
                    let mut one = call.answer["apps"][0].clone();
                    one["name"] = name.as_str().into();
                    one
                });
                answer["apps"] = listed.collect();
            }
            "fly_app_create" => {
                let made = body["app_name"].as_str().unwrap_or_default().to_owned();
                let organization = body["org_slug"].as_str().unwrap_or_default().to_owned();
                let app = App {
                    organization,
                    ..App::default()
                };
                if self.apps.insert(made, app).is_some() {
                    return (
                        StatusCode::UNPROCESSABLE_ENTITY,
                        r#"{"error":"Name has already been taken"}"#,
                    )
                        .into_response();
                }
            }
            "fly_app_delete" => drop(self.apps.remove(&last)),
            "fly_volumes_list" => {
                let app = path.split('/').nth(3).and_then(|app| self.apps.get(app));
                match app.and_then(|app| app.volume_gb) {
                    Some(size) => answer[0]["size_gb"] = size.into(),
                    None => answer = json!([]),
                }
            }
            "fly_volume_extend" => {
                let app = path
                    .split('/')
                    .nth(3)
                    .and_then(|app| self.apps.get_mut(app))
                    .expect("an app");
                app.volume_gb = body["size_gb"].as_u64();
            }
            "fly_machines_list" => {
                let app = path.split('/').nth(3).and_then(|app| self.apps.get(app));
                match app {
                    Some(app) if !app.environment.is_empty() => {
                        answer[0]["config"]["env"] = json!(app.environment)
                    }
                    _ => answer = json!([]),
                }
            }
            other => {
                self.violations.push(format!("{other} is not played"));
                return missing();
            }
        }
        let status = StatusCode::from_u16(call.status).expect("a status");
        match answer {
            Value::Null => status.into_response(),
            answer => (status, answer.to_string()).into_response(),
        }
    }

    fn program(&mut self, program: &str, arguments: &[&str], token: &str, input: &[u8]) -> Response {
        self.arguments.push(format!("{program} {}", arguments.join(" ")));
        let after = |flag: &str| {
            let at = arguments.iter().position(|argument| *argument == flag);
            at.and_then(|at| arguments.get(at + 1))
                .copied()
                .unwrap_or_default()
                .to_owned()
        };
        let expected = if program == "flyctl" { FLY_TOKEN } else { TOKEN };
        let reads = matches!(
            arguments,
            ["--version"] | ["version"] | ["info", ..] | ["secrets", "list", ..]
        );
        if token != expected && !reads {
            self.violations.push(format!("{program} has the token {token:?}"));
        }
        let input = String::from_utf8_lossy(input).into_owned();
        match (program, arguments) {
            ("wrangler", ["--version"]) => "4.86.0\n".into_response(),
            ("flyctl", ["version"]) => "flyctl v0.4.0\n".into_response(),
            ("docker", ["info", ..]) => "28.0.0\n".into_response(),
            ("flyctl", ["secrets", "list", "--json", "--app", app]) => {
                let app = self.apps.get(*app).cloned().unwrap_or_default();
                let listed = app.secrets.keys().map(|name| {
                    let status = if app.staged.contains(name) {
                        "Staged"
                    } else {
                        "Deployed"
                    };
                    json!({ "name": name, "digest": "b9e37b7b239ee4ae", "status": status })
                });
                Value::from_iter(listed).to_string().into_response()
            }
            ("wrangler", ["secret", "bulk", ..]) => {
                self.write(format!("wrangler secret bulk {}", after("--name")), |state| {
                    let given: BTreeMap<String, String> =
                        serde_json::from_str(&input).expect("a JSON object");
                    state.worker.get_or_insert_default().secrets.extend(given);
                    "".into_response()
                })
            }
            ("wrangler", ["deploy", ..]) => self.write("wrangler deploy".to_owned(), |state| {
                let text = std::fs::read_to_string(after("--config")).expect("a configuration");
                let worker: Value = serde_json::from_str(&text).expect("JSON");
                let known = state.worker.get_or_insert_default();
                let is_closed =
                    known.secrets.contains_key("VIEWER_TOKEN") || worker["vars"]["ALLOWED_HOSTS"] != "";
                if !is_closed {
                    state
                        .violations
                        .push("the Worker has code before it has its VIEWER_TOKEN".to_owned());
                }
                known.variables = serde_json::from_value(worker["vars"].clone()).expect("texts");
                let containers = worker["containers"].as_array().into_iter().flatten();
                state
                    .containers
                    .extend(containers.filter_map(|one| one["name"].as_str().map(str::to_owned)));
                "".into_response()
            }),
            ("flyctl", ["secrets", "import", "--stage", "--app", app]) => {
                self.write(format!("flyctl secrets import {app}"), |state| {
                    let app = state.apps.get_mut(*app).expect("an app");
                    for line in input.lines() {
                        let (name, value) = line.split_once('=').expect("NAME=VALUE");
                        app.secrets.insert(name.to_owned(), value.to_owned());
                        app.staged.insert(name.to_owned());
                    }
                    "".into_response()
                })
            }
            ("flyctl", ["deploy", ..]) => self.write(format!("flyctl deploy {}", after("--app")), |state| {
                let text = std::fs::read_to_string(after("--config")).expect("a configuration");
                let fly: toml::Table = text.parse().expect("TOML");
                let app = state.apps.get_mut(&after("--app")).expect("an app");
                app.environment = fly["env"].clone().try_into().expect("texts");
                // As flyctl does, only the first deployment makes a volume of this size.
                let size = fly
                    .get("mounts")
                    .and_then(|mounts| mounts["initial_size"].as_str());
                let size = size.and_then(|size| size.strip_suffix("gb")?.parse().ok());
                app.volume_gb = app.volume_gb.or(size);
                app.configuration = serde_json::to_value(&fly).expect("JSON");
                app.staged.clear();
                "".into_response()
            }),
            _ => {
                self.violations
                    .push(format!("{program} {arguments:?} is not played"));
                refusal(400, 0, "unknown arguments")
            }
        }
    }
}

/// Returns the id of a stream, sink or pipeline.
fn id((list, name): &(String, String)) -> String {
    format!("id-of-{name}-in-{list}")
}

/// Returns a stream, sink or pipeline in the documented form.
fn landed(documented: &Value, key: &(String, String), body: &Value) -> Value {
    let mut one = documented.clone();
    one["id"] = id(key).into();
    one["name"] = key.1.as_str().into();
    match key.0.as_str() {
        "streams" => one["endpoint"] = format!("https://{}.ingest.cloudflare.com", id(key)).into(),
        "pipelines" => one["sql"] = body["sql"].clone(),
        _ => {}
    }
    one
}
