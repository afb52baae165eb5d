//! The chDB container on Cloudflare: a Durable Object for each instance, around the life cycle of
//! [`lakefront_query::container`].
//!
//! The first instance takes every query and passes some on to the others. An object does what the life cycle says: it
//! starts the container, probes it, sends a query or refuses it. The platform reports that a container has ended only to
//! who [awaits its end](worker::Container::wait_for_exit), so that each object does.

use std::cell::{Cell, RefCell};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::time::Duration;

use lakefront_api::{ContainerHealth, ContainerStart, ContainerState};
use lakefront_clickhouse_http::DRAINING_HEADER;
use lakefront_query::container::{
    ANSWER_LIMIT, Action, Arrival, Container as LifeCycle, DRAIN_LIMIT, Event, PROBE_LIMIT, Probe, Refusal,
    State as LifeState,
};
use url::Url;
use worker::js_sys::{Function, Object, Reflect, Uint8Array};
use worker::wasm_bindgen::{self, JsCast, JsValue};
use worker::{
    Container, DurableObject, Env, HttpResponse, Method, Request, RequestInit, Response, ResponseBuilder,
    Result, State, console_error, durable_object,
};

use crate::backends::failure::EngineFailure;
use crate::clock::Instant;
use crate::config::{CONTAINER_BINDING, Containers};
use crate::timer::{Timer, within};

/// The name of the first Durable Object. The names of the others end with their number.
const OBJECT_NAME: &str = "chdb";
/// The path of the status request. The Durable Object answers it itself, so that it does not wake the container.
const HEALTH_PATH: &str = "/.container/health";
/// The header of a query that another instance has passed on.
const FORWARDED_HEADER: &str = "x-lakefront-forwarded";
/// The reply header with the time for which the query waited for the container, in milliseconds.
pub const WAITED_HEADER: &str = "x-lakefront-container-wait-ms";
/// The port of the server in the container.
const PORT: u16 = 8686;
const SIGTERM: i32 = 15;
/// The prefix of the bindings that become environment variables of the container. `ENGINE_SECRET` becomes one too.
const ENVIRONMENT_PREFIX: &str = "LAKEFRONT_";
/// The key under which the last cold start is stored.
const LAST_START: &str = "last_start";

/// The time limit for a Durable Object to report its container. A probe is part of that.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);

/// Returns the base address of requests to the container. The binding routes them, so the name is not resolved by DNS.
pub fn url() -> Url {
    Url::parse("http://chdb.container/").expect("a constant that is an address")
}

/// Sends a request to an instance. A query starts it if necessary.
pub async fn fetch(env: &Env, instance: u16, request: Request) -> Result<Response> {
    let name = match instance {
        0 => OBJECT_NAME.to_owned(),
        instance => format!("{OBJECT_NAME}-{instance}"),
    };
    let object = env.durable_object(CONTAINER_BINDING)?.get_by_name(&name)?;
    object.fetch_with_request(request).await
}

/// Returns the state of an instance. The check does not wake it.
///
/// # Errors
/// The object does not answer.
pub async fn health(env: &Env, instance: u16) -> std::result::Result<ContainerHealth, EngineFailure> {
    let look = async {
        let address = url().join(HEALTH_PATH)?;
        let request = Request::new(address.as_str(), Method::Get)?;
        fetch(env, instance, request).await?.json().await
    };
    let answer = within(HEALTH_LIMIT, look).await;
    answer
        .ok_or(EngineFailure::Deadline(HEALTH_LIMIT))?
        .map_err(|error: worker::Error| EngineFailure::Unreachable(error.to_string()))
}

/// The Durable Object that owns the container of an instance.
#[durable_object]
pub struct ChdbContainer {
    state: State,
    env: Env,
    config: Containers,
    created: Instant,
    life: RefCell<LifeCycle>,
    /// True while the end of the container is awaited.
    is_awaited: Rc<Cell<bool>>,
}

impl DurableObject for ChdbContainer {
    fn new(state: State, env: Env) -> Self {
        let variable = |name: &str| Reflect::get(&env, &JsValue::from_str(name)).ok()?.as_string();
        // The Worker refuses every request with a wrong configuration.
        let config = Containers::from_lookup(variable).unwrap_or_default();
        Self {
            state,
            env,
            config,
            created: Instant::now(),
            life: RefCell::new(LifeCycle::new(config.instances)),
            is_awaited: Rc::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Some(container) = self.state.container() else {
            return Response::error(
                "no container is attached to this Durable Object: see wrangler.toml",
                503,
            );
        };
        self.await_end();
        if request.path() == HEALTH_PATH {
            return Response::from_json(&self.health(&container).await?);
        }
        if request.method() == Method::Post {
            return self.query(&container, request).await;
        }
        // Neither the health of the engine nor the end of a statement wakes the container, or counts as its use.
        let is_ready = self.life.borrow().state() == LifeState::Ready;
        if is_ready
            && let Ok(response) = send(&container, request).await
            && !response.headers().contains_key(DRAINING_HEADER)
        {
            return Response::try_from(response);
        }
        refused(Refusal::NotReady, Duration::ZERO)
    }

    /// Stops the container after the idle time, and kills one that does not end.
    async fn alarm(&self) -> Result<Response> {
        if let Some(container) = self.state.container() {
            self.await_end();
            let next = match self.on(&container, Event::Alarm) {
                Action::Rest => self.config.sleep_after,
                Action::Stop => {
                    container.signal(SIGTERM)?;
                    DRAIN_LIMIT
                }
                Action::Destroy => {
                    self.destroy();
                    DRAIN_LIMIT
                }
                _ => return Response::empty(),
            };
            self.state.storage().set_alarm(next).await?;
        }
        Response::empty()
    }
}

impl ChdbContainer {
    fn on(&self, container: &Container, event: Event) -> Action {
        self.life
            .borrow_mut()
            .on(event, container.running(), self.created.elapsed())
    }

    /// Carries a query through the life cycle of the container.
    async fn query(&self, container: &Container, mut request: Request) -> Result<Response> {
        let body = request.bytes().await?;
        let mut hasher = DefaultHasher::new();
        (request.url()?.query(), &body).hash(&mut hasher);
        let arrival = Arrival {
            hash: hasher.finish(),
            is_forwarded: request.headers().has(FORWARDED_HEADER)?,
        };
        let arrived = self.life.borrow_mut().arrive(arrival, self.created.elapsed());
        let ticket = match arrived {
            Ok(ticket) => ticket,
            Err(Action::Refuse { why, retry_after }) => return refused(why, retry_after),
            Err(_) => return refused(Refusal::Full, Duration::ZERO),
        };
        self.state.storage().set_alarm(self.config.sleep_after).await?;
        loop {
            let event = match self.on(container, Event::Asks(ticket)) {
                Action::Start => match start(container, &self.env) {
                    Ok(()) => {
                        self.await_end();
                        continue;
                    }
                    Err(error) => {
                        console_error!("the container was not started: {error}");
                        Event::StartFailed
                    }
                },
                Action::Probe => Event::Probed(probe(container).await),
                Action::Wait(time) => {
                    Timer::after(time).await;
                    continue;
                }
                Action::Destroy => {
                    console_error!("the container hangs: it is destroyed");
                    self.destroy();
                    continue;
                }
                Action::Forward(instance) => {
                    let request = again(&request, &body)?;
                    request.headers().set(FORWARDED_HEADER, "1")?;
                    return fetch(&self.env, instance, request).await;
                }
                Action::Refuse { why, retry_after } => return refused(why, retry_after),
                Action::Run(waited) => match send(container, again(&request, &body)?).await {
                    Ok(response) if response.headers().contains_key(DRAINING_HEADER) => Event::Drains(ticket),
                    Ok(mut response) => {
                        self.on(container, Event::Answered(ticket));
                        if let Some(waited) = waited {
                            let waited = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                            response.headers_mut().insert(WAITED_HEADER, waited.into());
                        }
                        return Response::try_from(response);
                    }
                    Err(error) => {
                        console_error!("the container did not answer: {error}");
                        Event::Broke(ticket)
                    }
                },
                Action::Nothing | Action::Started(_) | Action::Stop | Action::Rest => {
                    return refused(Refusal::NotReady, Duration::ZERO);
                }
            };
            self.report(container, event).await?;
        }
    }

    /// Reports what became of an action, and records a cold start.
    async fn report(&self, container: &Container, event: Event) -> Result<()> {
        if let Action::Started(took) = self.on(container, event) {
            let start = ContainerStart {
                at: Instant::now().timestamp(),
                took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            };
            let text = serde_json::to_string(&start)?;
            self.state.storage().put_raw(LAST_START, text).await?;
        }
        Ok(())
    }

    async fn health(&self, container: &Container) -> Result<ContainerHealth> {
        // A new object does not know the container that runs, and one in doubt learns whether it answers.
        if container.running() && self.life.borrow().state() != LifeState::Ready {
            let probe = probe(container).await;
            self.report(container, Event::Probed(probe)).await?;
        }
        let last_start: Option<String> = self.state.storage().get(LAST_START).await?;
        Ok(ContainerHealth {
            state: match self.life.borrow().state() {
                LifeState::Stopped => ContainerState::Stopped,
                LifeState::Ready if !container.running() => ContainerState::Stopped,
                LifeState::Starting { .. } => ContainerState::Starting,
                LifeState::Ready => ContainerState::Ready,
                LifeState::Draining { .. } => ContainerState::Draining,
                LifeState::Failed { .. } => ContainerState::Failed,
            },
            last_start: last_start.and_then(|text| serde_json::from_str(&text).ok()),
        })
    }

    /// Awaits the end of the container in the background. `running` stays true without that.
    fn await_end(&self) {
        if let Some(container) = self.state.container()
            && container.running()
            && !self.is_awaited.replace(true)
        {
            let is_awaited = Rc::clone(&self.is_awaited);
            self.state.wait_until(async move {
                if let Err(error) = container.wait_for_exit().await {
                    console_error!("the container ended: {error}");
                }
                is_awaited.set(false);
            });
        }
    }

    /// Kills the container. Its end is awaited elsewhere.
    fn destroy(&self) {
        if let Some(container) = self.state.container() {
            self.state.wait_until(async move {
                if let Err(error) = container.destroy(None).await {
                    console_error!("the container was not destroyed: {error}");
                }
            });
        }
    }
}

/// Sends a request to the server in the container.
async fn send(container: &Container, request: Request) -> Result<HttpResponse> {
    let port = container.get_tcp_port(PORT)?;
    let response = within(ANSWER_LIMIT, port.fetch_request(request)).await;
    response.unwrap_or_else(|| Err(format!("no answer within {} s", ANSWER_LIMIT.as_secs()).into()))
}

/// Probes the server in the container. The platform reports that a container runs, but not that its server listens.
async fn probe(container: &Container) -> Probe {
    let ping = async {
        let port = container.get_tcp_port(PORT)?;
        port.fetch(url().join("ping")?.as_str(), None).await
    };
    match within(PROBE_LIMIT, ping).await {
        Some(Ok(reply)) if reply.status().is_success() => Probe::Ready,
        Some(Ok(reply)) if reply.headers().contains_key(DRAINING_HEADER) => Probe::Drains,
        _ => Probe::Failed,
    }
}

/// Returns a request that was read as a new one, so that it can be sent more than once.
fn again(request: &Request, body: &[u8]) -> Result<Request> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(request.headers().clone())
        .with_body(Some(Uint8Array::from(body).into()));
    Request::new_with_init(request.url()?.as_str(), &init)
}

fn refused(why: Refusal, retry_after: Duration) -> Result<Response> {
    let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
    let detail = format!("{}; try again in {seconds} s", why.sentence());
    ResponseBuilder::new()
        .with_status(503)
        .with_header("retry-after", &seconds.to_string())?
        .ok(detail)
}

/// Starts a container with the environment of this Worker. Nothing of it is logged.
///
/// The method is called through JavaScript because the options type of workers-rs 0.8.7 loses `env` and
/// `enableInternet`.
pub(super) fn start(container: &Container, env: &Env) -> Result<()> {
    let environment = Object::new();
    for name in Object::keys(env.unchecked_ref::<Object>())
        .iter()
        .filter_map(|name| name.as_string())
    {
        // The container reads the shared secret under this name.
        let given = if name == "ENGINE_SECRET" {
            "LAKEFRONT_ENGINE_SECRET"
        } else {
            name.as_str()
        };
        if given.starts_with(ENVIRONMENT_PREFIX)
            && let Some(value) = Reflect::get(env, &JsValue::from_str(&name))?.as_string()
        {
            Reflect::set(
                &environment,
                &JsValue::from_str(given),
                &JsValue::from_str(&value),
            )?;
        }
    }
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("env"), &environment)?;
    // The lake is on R2, which the container reads through its S3 address.
    Reflect::set(&options, &JsValue::from_str("enableInternet"), &JsValue::TRUE)?;
    let container: &JsValue = container.as_ref();
    let method: Function = Reflect::get(container, &JsValue::from_str("start"))?.dyn_into()?;
    method.call1(container, &options)?;
    Ok(())
}
