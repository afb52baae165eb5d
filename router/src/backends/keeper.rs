//! The keeper's container on Cloudflare: a Durable Object that runs `lakefront-ingest keep` once for each call.

use std::time::Duration;

use worker::{DurableObject, Env, Request, Response, Result, State, durable_object, wasm_bindgen};

use super::container;
use crate::state;
use crate::timer::within;

/// The binding of the keeper's Durable Object namespace in `wrangler.toml`.
const BINDING: &str = "KEEPER_CONTAINER";

/// The name of the one Durable Object. Several keepers do no harm, and one is enough.
const OBJECT_NAME: &str = "keeper";

/// The time within which a call returns. A keeper that has more to move goes on, and is awaited by the next call.
const LIMIT: Duration = Duration::from_secs(600);

/// Returns true if the Worker has the keeper's container.
pub fn is_bound(env: &Env) -> bool {
    state::is_bound(env, BINDING)
}

/// Runs the keeper to its end, or to the limit of a call.
///
/// # Errors
/// Returns an error if there is no such binding, the container does not start, or the keeper fails.
pub async fn run(env: &Env) -> Result<()> {
    let object = env.durable_object(BINDING)?.get_by_name(OBJECT_NAME)?;
    let mut answer = object.fetch_with_str("http://keeper.container/").await?;
    match answer.status_code() {
        200 => Ok(()),
        status => Err(format!("{status}: {}", answer.text().await?).into()),
    }
}

/// The Durable Object that owns the container.
#[durable_object]
pub struct KeeperContainer {
    state: State,
    env: Env,
}

impl DurableObject for KeeperContainer {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, _: Request) -> Result<Response> {
        let Some(container) = self.state.container() else {
            return Response::error(
                "no container is attached to this Durable Object: see wrangler.toml",
                503,
            );
        };
        if !container.running() {
            container::start(&container, &self.env)?;
        }
        // The object must not sleep while the container runs.
        match within(LIMIT, container.wait_for_exit()).await {
            Some(Ok(())) | None => Response::ok(""),
            Some(Err(error)) => Response::error(format!("the keeper ended: {error}"), 500),
        }
    }
}
