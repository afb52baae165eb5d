//! The chDB container on Cloudflare: a Durable Object that starts the container for a query and stops it when idle.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use url::Url;
use worker::js_sys::{Function, Object, Reflect};
use worker::wasm_bindgen::{self, JsCast, JsValue};
use worker::{
    Container, DurableObject, Env, Fetcher, Method, Request, RequestInit, Response, Result, State,
    durable_object,
};

use crate::backends::failure::EngineFailure;
use crate::clock::Instant;
use crate::config::CONTAINER_BINDING;
use crate::timer::Timer;

/// The name of the one Durable Object. There is one container, whatever the caller's location.
const OBJECT_NAME: &str = "chdb";
/// The path of the status request. The Durable Object answers it itself, so that it does not wake the container.
const RUNNING_PATH: &str = "/.container/running";
/// The port of the server in the container.
const PORT: u16 = 8686;
/// The time without a query after which the container is stopped.
const IDLE: Duration = Duration::from_secs(300);
/// The longest permitted start. The deadline of a plan allows for the same when chDB is asleep.
const START: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
const SIGTERM: i32 = 15;
/// The prefix of the bindings that become environment variables of the container. `ENGINE_SECRET` becomes one too.
const ENVIRONMENT_PREFIX: &str = "LAKEFRONT_";

/// The time limit for the Durable Object to report whether the container runs.
const RUNNING_LIMIT: Duration = Duration::from_secs(2);

/// Returns the base address of requests to the container. The binding routes them, so the name is not resolved by DNS.
pub fn url() -> Url {
    Url::parse("http://chdb.container/").expect("a constant that is an address")
}

/// Sends a request to the container, and starts it if necessary.
pub async fn fetch(env: &Env, request: Request) -> Result<Response> {
    env.durable_object(CONTAINER_BINDING)?
        .get_by_name(OBJECT_NAME)?
        .fetch_with_request(request)
        .await
}

/// Returns true if the container runs. The check does not wake it.
pub async fn runs(env: &Env) -> std::result::Result<bool, EngineFailure> {
    let look = async {
        let address = url().join(RUNNING_PATH)?;
        let mut reply = fetch(env, Request::new(address.as_str(), Method::Get)?).await?;
        reply.json().await
    };
    match select(pin!(look), pin!(Timer::after(RUNNING_LIMIT))).await {
        Either::Left((answer, _)) => {
            answer.map_err(|error: worker::Error| EngineFailure::Unreachable(error.to_string()))
        }
        Either::Right(((), _)) => Err(EngineFailure::Deadline(RUNNING_LIMIT)),
    }
}

/// The Durable Object that owns the container.
#[durable_object]
pub struct ChdbContainer {
    state: State,
    env: Env,
    /// True if the server in the container has answered since the start.
    ready: Cell<bool>,
    /// True if the container was sent SIGTERM and may still run.
    ending: Cell<bool>,
}

impl DurableObject for ChdbContainer {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            ready: Cell::new(false),
            ending: Cell::new(false),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Some(container) = self.state.container() else {
            return Response::error(
                "no container is attached to this Durable Object: see wrangler.toml",
                503,
            );
        };
        if request.path() == RUNNING_PATH {
            return Response::from_json(&(container.running() && !self.ending.get()));
        }
        self.state.storage().set_alarm(IDLE).await?;
        if !self.ready.get() || !container.running() {
            self.ready.set(false);
            self.wait_until_it_listens(&container).await?;
            self.ready.set(true);
        }
        let port = container.get_tcp_port(PORT)?;
        Response::try_from(port.fetch_request(request).await?)
    }

    /// Stops the container: there was no query for `IDLE`.
    async fn alarm(&self) -> Result<Response> {
        if let Some(container) = self.state.container()
            && container.running()
        {
            self.ready.set(false);
            self.ending.set(true);
            container.signal(SIGTERM)?;
        }
        Response::empty()
    }
}

impl ChdbContainer {
    /// Waits until the server in the container answers, and starts the container whenever it does not run.
    ///
    /// After SIGTERM a container still runs for a moment but accepts no connections. The platform reports that a
    /// container runs, but not that its server listens.
    async fn wait_until_it_listens(&self, container: &Container) -> Result<()> {
        let begun = Instant::now();
        loop {
            if !container.running() {
                self.ending.set(false);
                start(container, &self.env)?;
            }
            let failure = match ping(&container.get_tcp_port(PORT)?).await {
                // A container that is being stopped still answers pings that were on their way.
                Ok(200) if !self.ending.get() => return Ok(()),
                Ok(status) => format!("/ping answered {status}"),
                Err(error) => error.to_string(),
            };
            if begun.elapsed() > START {
                return Err(worker::Error::RustError(format!(
                    "the container does not listen on {PORT}: {failure}"
                )));
            }
            Timer::after(POLL).await;
        }
    }
}

async fn ping(port: &Fetcher) -> Result<u16> {
    let mut init = RequestInit::new();
    init.with_method(Method::Get);
    let reply = port.fetch(url().join("ping")?.as_str(), Some(init)).await?;
    Ok(reply.status().as_u16())
}

/// Starts a container with the environment of this Worker.
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
