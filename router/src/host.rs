//! What lives as long as the isolate: configuration, engines, routes.

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

/// The Worker, configured.
#[derive(Debug)]
pub struct Host {
    /// From the bindings.
    pub config: Config,
    /// ClickHouse servers, then chDB.
    pub engines: Arc<Vec<Engine>>,
    /// Every path but OTLP's.
    pub router: Router,
    /// Who tells of decisions, where that is switched on and there is an ingest.
    pub reporter: Option<Arc<Reporter>>,
}

impl Host {
    /// The isolate's, made by its first request: only requests carry bindings, and they are the same for all.
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
        // On workerd a variable that is not set is bound to null.
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
