//! The Durable Object of live tails, for a Worker that takes telemetry itself. Isolates do not know each other: the
//! object is where those that take records meet those that read them.

use std::cell::RefCell;

use futures::StreamExt as _;
use lakefront_api::{Problem, ProblemType};
use lakefront_tail::{Delivery, Filter, Hub, MEDIA_TYPE, MOST_TAILS, PATH, frames};
use worker::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, ResponseBuilder, Result, State, durable_object};

use crate::clock::Instant;
use crate::object::NamedObject;
use crate::state;
use crate::timer::Timer;

const OBJECT: NamedObject = NamedObject {
    binding: "TAIL",
    name: "tail",
};
/// The paths for those that take records.
const FILTERS: &str = "/filters";
const ROWS: &str = "/rows";

/// Returns true if the Worker has the object.
pub fn is_bound(env: &Env) -> bool {
    state::is_bound(env, OBJECT.binding)
}

/// Opens a tail.
pub async fn open(env: &Env, filter: &Filter) -> Result<Response> {
    OBJECT
        .call(env, &format!("{PATH}?{}", filter.query()), None)
        .await
}

/// Returns the filters of open tails.
pub async fn filters(env: &Env) -> Result<Vec<Filter>> {
    let filters = OBJECT.ask(env, FILTERS, None).await?.text().await?;
    Ok(filters
        .lines()
        .filter_map(|query| Filter::of_query(query).ok())
        .collect())
}

/// Hands rows to open tails.
pub async fn send(env: &Env, delivery: &Delivery) -> Result<()> {
    OBJECT.ask(env, ROWS, Some(delivery.to_string())).await.map(drop)
}

/// The Durable Object with the open tails. It stores nothing.
#[durable_object]
pub struct Tail {
    started: Instant,
    hub: RefCell<Hub>,
}

impl DurableObject for Tail {
    fn new(_: State, _: Env) -> Self {
        Self {
            started: Instant::now(),
            hub: RefCell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match request.path().as_str() {
            FILTERS => {
                let filters = self.hub.borrow_mut().filters();
                let queries: Vec<_> = filters.iter().map(|filter| filter.query()).collect();
                Response::ok(queries.join("\n"))
            }
            ROWS => {
                let delivery: Delivery = request.text().await?.parse()?;
                let mut hub = self.hub.borrow_mut();
                for (signal, rows) in delivery.missed {
                    hub.miss(signal, rows);
                }
                for (filter, found) in &delivery.found {
                    hub.deliver(filter, found, self.started.elapsed());
                }
                Response::empty()
            }
            _ => self.open(request.url()?.query().unwrap_or_default()),
        }
    }
}

impl Tail {
    fn open(&self, query: &str) -> Result<Response> {
        let opened = Filter::of_query(query).and_then(|filter| {
            let opened = self.hub.borrow_mut().open(filter, self.started.elapsed());
            opened.map_err(|_| {
                let detail = format!("{MOST_TAILS} tails are open; close one, or try again");
                Problem::new(ProblemType::Busy, detail)
            })
        });
        match opened {
            Ok(listener) => {
                let events = frames(listener, Timer::after).map(Ok::<_, worker::Error>);
                let response = ResponseBuilder::new().with_header("content-type", MEDIA_TYPE)?;
                response.from_stream(events)
            }
            Err(problem) => {
                let response = ResponseBuilder::new().with_status(problem.status);
                Ok(response.fixed(serde_json::to_vec(&problem)?))
            }
        }
    }
}
