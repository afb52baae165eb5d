//! The state of an isolate, shared by its requests: configuration, engines, routes.

use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use lakefront_query::Answers;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;
use worker::{Env, console_error};

use crate::backends::engine::Engine;
use crate::config::{CONTAINER_BINDING, Config};
use crate::error::ConfigError;
use crate::telemetry::exporter::Exporter;
use crate::{dashboard, routes};

/// The configured Worker.
#[derive(Debug)]
pub struct AppState {
    /// The configuration, read from the bindings.
    pub config: Config,
    /// The engines: ClickHouse servers, then chDB.
    pub engines: Arc<Vec<Engine>>,
    /// The kept answers, and the questions that engines are answering.
    pub answers: Arc<Mutex<Answers>>,
    /// The routes of every path except OTLP's.
    pub router: Router,
    /// The sender of events. `None` unless `SELF_OBSERVATION` is on and `INGEST_URL` is set.
    pub exporter: Option<Arc<Exporter>>,
}

impl AppState {
    /// Returns the state of this isolate, which its first request creates. Only requests carry bindings, and all of
    /// them carry the same.
    pub fn of_isolate(env: &Env) -> &'static Result<Self, ConfigError> {
        static STATE: OnceLock<Result<AppState, ConfigError>> = OnceLock::new();
        STATE.get_or_init(|| {
            let state = Self::new(env);
            if let Err(error) = &state {
                console_error!("{error}");
            }
            state
        })
    }

    fn new(env: &Env) -> Result<Self, ConfigError> {
        let config = Config::from_lookup(
            |name| binding(env, name).as_string(),
            is_bound(env, CONTAINER_BINDING),
        )?;
        lakefront_query::define_funnels(config.funnels.clone());
        let engines = Arc::new(Engine::all(&config));
        let observed = config.ingest.clone().filter(|_| config.observes_itself);
        Ok(Self {
            exporter: observed.map(|ingest| Arc::new(Exporter::new(ingest, config.ingest_key.clone()))),
            router: dashboard::with_dashboard(routes::api()),
            config,
            engines,
            answers: Arc::default(),
        })
    }
}

/// Returns true if the Worker has a binding of this name that is an object, such as a namespace of Durable Objects.
pub fn is_bound(env: &Env, name: &str) -> bool {
    binding(env, name).is_object()
}

/// Returns a binding. On workerd an unset variable is bound to null.
fn binding(env: &Env, name: &str) -> JsValue {
    Reflect::get(env, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
