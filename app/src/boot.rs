use lakefront_api::{Page, QueryInfo};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What every page needs before its first query. The server knows it and hands it to the browser with the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// The named queries.
    pub catalogue: Vec<QueryInfo>,
    /// Where this page came from, as a browser names it: `https://telemetry.example`.
    pub origin: String,
    /// Where an OpenTelemetry SDK sends to, without the signal's path.
    pub otlp_endpoint: String,
    /// The viewer's time zone as far as it is known: the browser tells it in a cookie on the first visit.
    pub tz: String,
    /// The theme that the viewer chose.
    pub theme: Theme,
}

/// Light, dark, or what the system prefers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name in the cookie and in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    #[cfg(feature = "ssr")]
    fn parse(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.name() == name)
            .unwrap_or_default()
    }
}

impl Default for Boot {
    fn default() -> Self {
        Self {
            catalogue: Vec::new(),
            origin: String::new(),
            otlp_endpoint: String::new(),
            tz: "UTC".into(),
            theme: Theme::System,
        }
    }
}

/// The viewer's own zone, for pages whose URL pins none.
#[derive(Debug, Clone, Copy)]
pub struct ViewerZone(pub RwSignal<String>);

impl Boot {
    /// What the server knows: the host's catalogue and the cookies of the request.
    #[cfg(feature = "ssr")]
    pub fn of_request() -> Self {
        let host = use_context::<crate::QueryService>();
        let tz = cookie("tz").filter(|name| crate::range::time_zone(name).is_ok());
        Self {
            catalogue: host.as_ref().map(|host| host.catalogue()).unwrap_or_default(),
            origin: origin(),
            otlp_endpoint: host.map(|host| host.otlp_endpoint()).unwrap_or_default(),
            tz: tz.unwrap_or_else(|| "UTC".into()),
            theme: cookie("theme")
                .map(|name| Theme::parse(&name))
                .unwrap_or_default(),
        }
    }

    /// Whether there is anything on a page. Before the catalogue is there, there may be.
    pub fn shows(&self, page: Page) -> bool {
        let mut places = self.catalogue.iter().flat_map(|query| &query.panels);
        self.catalogue.is_empty() || page == Page::Operations || places.any(|place| place.page == page)
    }

    /// Provides it to the components below, as a signal: without a server's page it arrives later.
    pub fn provide() {
        #[cfg(feature = "ssr")]
        let first = Self::of_request;
        #[cfg(not(feature = "ssr"))]
        let first = Self::default;
        let boot = RwSignal::new(SharedValue::new(first).into_inner());
        let zone = ViewerZone(RwSignal::new(boot.with_untracked(|boot| boot.tz.clone())));
        provide_context(boot.read_only());
        provide_context(zone);

        Effect::new(move |_| {
            crate::browser::mark_interactive();
            if let Some(name) = crate::browser::time_zone()
                && name != zone.0.get_untracked()
            {
                crate::browser::remember("tz", &name);
                zone.0.set(name);
            }
        });
        #[cfg(feature = "csr")]
        leptos::task::spawn_local(async move {
            match crate::server::ask(crate::server::Question::Boot).await {
                Ok(crate::server::Answer::Boot(value)) => boot.set(*value),
                Ok(_) => {}
                Err(failure) => leptos::logging::error!("{failure}"),
            }
        });
    }
}

/// The origin that the request was sent to. A proxy that ends TLS says so, or nothing in an https page could use it.
#[cfg(feature = "ssr")]
fn origin() -> String {
    let Some(parts) = use_context::<http::request::Parts>() else {
        return String::new();
    };
    let header = |name: http::HeaderName| parts.headers.get(name)?.to_str().ok();
    let scheme = header(http::HeaderName::from_static("x-forwarded-proto"))
        .filter(|scheme| ["http", "https"].contains(scheme))
        .or(parts.uri.scheme_str())
        .unwrap_or("http");
    let host = parts.uri.authority().map(http::uri::Authority::as_str);
    format!(
        "{scheme}://{}",
        host.or_else(|| header(http::header::HOST)).unwrap_or_default()
    )
}

/// A cookie of the request. Names and values of ours need no decoding.
#[cfg(feature = "ssr")]
fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let cookies = parts
        .headers
        .get_all(http::header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
