//! The state of an isolate, shared by its requests: configuration, engines, routes.

use std::sync::{Arc, OnceLock};

use axum::Router;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;
use worker::{Env, console_error};

use crate::config::{CONTAINER_BINDING, Config};
use crate::engine::Engine;
use crate::error::ConfigError;
use crate::reporter::Reporter;
use crate::{dashboard, routes};

/// The configured Worker.
#[derive(Debug)]
pub struct Host {
    /// The configuration, read from the bindings.
    pub config: Config,
    /// The engines: ClickHouse servers, then chDB.
    pub engines: Arc<Vec<Engine>>,
    /// The routes of every path except OTLP's.
    pub router: Router,
    /// The sender of decisions. `None` unless `SELF_OBSERVATION` is on and `INGEST_URL` is set.
    pub reporter: Option<Arc<Reporter>>,
}

impl Host {
    /// Returns the state of this isolate, which its first request creates. Only requests carry bindings, and all of
    /// them carry the same.
    pub fn of_isolate(env: &Env) -> &'static Result<Self, ConfigError> {
        static HOST: OnceLock<Result<Host, ConfigError>> = OnceLock::new();
        HOST.get_or_init(|| {
            let host = Self::new(env);
            if let Err(error) = &host {
                console_error!("{error}");
            }
            host
        })
    }

    fn new(env: &Env) -> Result<Self, ConfigError> {
        let binding = |name: &str| Reflect::get(env, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
        // On workerd an unset variable is bound to null.
        let config = Config::from_lookup(
            |name| binding(name).as_string(),
            binding(CONTAINER_BINDING).is_object(),
        )?;
        let engines = Arc::new(Engine::all(&config));
        let told = config.ingest.clone().filter(|_| config.observes_itself);
        Ok(Self {
            reporter: told.map(|ingest| Arc::new(Reporter::new(ingest, config.ingest_key.clone()))),
            router: dashboard::with_dashboard(routes::api()),
            config,
            engines,
        })
    }
}
