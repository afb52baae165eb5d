//! The chDB container on Cloudflare: a Durable Object that starts it on the first query and ends it when nobody asks.

use std::cell::Cell;
use std::time::Duration;

use url::Url;
use worker::js_sys::{Function, Object, Reflect};
use worker::wasm_bindgen::{self, JsCast, JsValue};
use worker::{
    Container, Delay, DurableObject, Env, Fetcher, Method, Request, RequestInit, Response, Result, State,
    durable_object,
};

use crate::clock::Instant;
use crate::config::CONTAINER_BINDING;
use crate::failure::EngineFailure;

/// There is one container, whatever the caller's location.
const OBJECT_NAME: &str = "chdb";
/// Answered by the object itself, so that looking does not wake the container.
const RUNNING_PATH: &str = "/.container/running";
/// Where the program in the container listens.
const PORT: u16 = 8686;
/// The container ends after this long without a query.
const IDLE: Duration = Duration::from_secs(300);
/// How long a start may take; the plan allows a sleeping chDB as much.
const START: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
const SIGTERM: i32 = 15;
/// Bindings with this prefix are the container's environment, and so is `ENGINE_SECRET`.
const ENVIRONMENT_PREFIX: &str = "LAKEFRONT_";

/// The address that requests to the container carry; the binding, not DNS, leads them there.
pub fn url() -> Url {
    Url::parse("http://chdb.container/").expect("a constant that is an address")
}

/// Sends a request to the container, which wakes it.
pub async fn fetch(env: &Env, request: Request) -> Result<Response> {
    env.durable_object(CONTAINER_BINDING)?
        .get_by_name(OBJECT_NAME)?
        .fetch_with_request(request)
        .await
}

/// Whether the container runs, without waking it.
pub async fn runs(env: &Env) -> std::result::Result<bool, EngineFailure> {
    let look = async {
        let address = url().join(RUNNING_PATH)?;
        let mut reply = fetch(env, Request::new(address.as_str(), Method::Get)?).await?;
        reply.json().await
    };
    look.await
        .map_err(|error: worker::Error| EngineFailure::Unreachable(error.to_string()))
}

/// The Durable Object beside the container.
#[durable_object]
pub struct ChdbContainer {
    state: State,
    env: Env,
    /// Whether the program in the container has answered since it was started.
    ready: Cell<bool>,
    /// Whether the container was told to end and may not have ended yet.
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

    /// Nobody has asked for a while.
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
    /// Waits until the program in the container answers, and starts the container whenever it does not run: one that was told
    /// to end still runs for a moment and listens no more.
    ///
    /// The platform tells when a container runs, not when its program listens.
    async fn wait_until_it_listens(&self, container: &Container) -> Result<()> {
        let begun = Instant::now();
        loop {
            if !container.running() {
                self.ending.set(false);
                start(container, &self.env)?;
            }
            let failure = match ping(&container.get_tcp_port(PORT)?).await {
                // One that ends answers pings that were on their way.
                Ok(200) if !self.ending.get() => return Ok(()),
                Ok(status) => format!("/ping answered {status}"),
                Err(error) => error.to_string(),
            };
            if begun.elapsed() > START {
                return Err(worker::Error::RustError(format!(
                    "the container does not listen on {PORT}: {failure}"
                )));
            }
            Delay::from(POLL).await;
        }
    }
}

async fn ping(port: &Fetcher) -> Result<u16> {
    let mut init = RequestInit::new();
    init.with_method(Method::Get);
    let reply = port.fetch(url().join("ping")?.as_str(), Some(init)).await?;
    Ok(reply.status().as_u16())
}

/// Starts the container with our environment.
///
/// Called through the object's own method: the options type of workers-rs 0.8.7 loses `env` and `enableInternet`.
fn start(container: &Container, env: &Env) -> Result<()> {
    let environment = Object::new();
    for name in Object::keys(env.unchecked_ref::<Object>())
        .iter()
        .filter_map(|name| name.as_string())
    {
        // The container's own name for the secret that it shares with us.
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
    // The lake is on R2, which is reached over its S3 address.
    Reflect::set(&options, &JsValue::from_str("enableInternet"), &JsValue::TRUE)?;
    let container: &JsValue = container.as_ref();
    let method: Function = Reflect::get(container, &JsValue::from_str("start"))?.dyn_into()?;
    method.call1(container, &options)?;
    Ok(())
}
