//! The data that every page needs before its first query: the catalogue, the time zone and the theme.

use lakefront_api::{Page, QueryInfo};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    browser,
    server::{Answer, Question, ask},
};

/// The data that every page needs before its first query. The server reads it from the request and sends it with the
/// page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// The catalogue of named queries.
    pub catalogue: Vec<QueryInfo>,
    /// The origin of this page, as a browser names it: `https://telemetry.example`.
    pub origin: String,
    /// The address to which an OpenTelemetry SDK sends, without the signal's path: `http://127.0.0.1:4318`.
    pub otlp_endpoint: String,
    /// The viewer's IANA time zone from the cookie of an earlier visit, or `UTC`.
    pub tz: String,
    /// The zone name in the cookie, if no zone has this name.
    pub unknown_tz: Option<String>,
    /// The zone name in the address, if no zone has this name.
    pub unknown_pinned_tz: Option<String>,
    /// The theme that the viewer chose.
    pub theme: Theme,
}

/// The theme of the pages: light, dark, or the system's preference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// The preference of the system.
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

    /// Returns the name that the cookie and the page use.
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
            tz: UTC.into(),
            unknown_tz: None,
            unknown_pinned_tz: None,
            theme: Theme::System,
        }
    }
}

/// The zone of a page when neither the address, the cookie nor the browser names an existing one.
const UTC: &str = "UTC";

/// The time zones in which a page can be shown.
#[derive(Debug, Clone, Copy)]
pub struct Zones {
    /// The viewer's own zone, for pages whose address pins none.
    viewer: RwSignal<String>,
    /// The name that the viewer's browser has for its zone, if no zone has this name.
    unknown: RwSignal<Option<String>>,
    /// The zone name in the address from which the page was loaded, if no zone has this name.
    unknown_pinned: StoredValue<Option<String>>,
}

impl Zones {
    fn new(boot: &Boot) -> Self {
        Self {
            viewer: RwSignal::new(boot.tz.clone()),
            unknown: RwSignal::new(boot.unknown_tz.clone()),
            unknown_pinned: StoredValue::new(boot.unknown_pinned_tz.clone()),
        }
    }

    /// Returns the zone in which a page is shown. `pinned` is the zone that its address names, if any.
    pub fn shown(self, pinned: Option<&str>) -> String {
        match pinned {
            None => self.viewer.get(),
            Some(_) if self.unknown(pinned).is_some() => UTC.to_owned(),
            Some(name) => name.to_owned(),
        }
    }

    /// Returns the unknown zone name of which UTC takes the place, or `None` if the zone exists.
    pub fn unknown(self, pinned: Option<&str>) -> Option<String> {
        match pinned {
            None => self.unknown.get(),
            Some(_) => self
                .unknown_pinned
                .get_value()
                .filter(|name| Some(&**name) == pinned),
        }
    }

    /// Changes the viewer's zone to the browser's. The server checks the name, because the browser cannot check whether
    /// the server has this zone.
    fn follow_browser(self) {
        let Some(name) = browser::time_zone() else { return };
        if name == self.viewer.get_untracked() && self.unknown.with_untracked(Option::is_none) {
            return;
        }
        leptos::task::spawn_local(async move {
            // Without an answer the page stays as it is, and the next page sends the question again.
            let Ok(Answer::ZoneIsKnown(is_known)) = ask(Question::Zone(name.clone())).await else {
                return;
            };
            let (zone, unknown) = if is_known {
                (name, None)
            } else {
                (UTC.to_owned(), Some(name))
            };
            browser::remember("tz", &zone);
            self.unknown.set(unknown);
            if zone != self.viewer.get_untracked() {
                self.viewer.set(zone);
            }
        });
    }
}

impl Boot {
    /// Returns the data of the current request: the host's catalogue and the request's cookies.
    #[cfg(feature = "ssr")]
    pub fn of_request() -> Self {
        let host = use_context::<crate::QueryService>();
        let (tz, unknown_tz) = known(cookie("tz"));
        let (_, unknown_pinned_tz) = known(pinned_zone());
        Self {
            catalogue: host.as_ref().map(|host| host.catalogue()).unwrap_or_default(),
            origin: origin(),
            otlp_endpoint: host.map(|host| host.otlp_endpoint()).unwrap_or_default(),
            tz: tz.unwrap_or_else(|| UTC.into()),
            unknown_tz,
            unknown_pinned_tz,
            theme: cookie("theme")
                .map(|name| Theme::parse(&name))
                .unwrap_or_default(),
        }
    }

    /// Returns true if the page has something to show. An empty catalogue has not arrived yet, so every page counts
    /// then.
    pub fn shows(&self, page: Page) -> bool {
        let mut places = self.catalogue.iter().flat_map(|query| &query.panels);
        self.catalogue.is_empty() || page == Page::Operations || places.any(|place| place.page == page)
    }

    /// Provides the data to the components below, as a signal. In a browser without a server's page the data arrives
    /// later.
    pub fn provide() {
        #[cfg(feature = "ssr")]
        let first = Self::of_request;
        #[cfg(not(feature = "ssr"))]
        let first = Self::default;
        let boot = RwSignal::new(SharedValue::new(first).into_inner());
        let zones = boot.with_untracked(Zones::new);
        provide_context(boot.read_only());
        provide_context(zones);

        Effect::new(move |_| {
            browser::mark_interactive();
            zones.follow_browser();
        });
        #[cfg(feature = "csr")]
        leptos::task::spawn_local(async move {
            match ask(Question::Boot).await {
                Ok(Answer::Boot(value)) => boot.set(*value),
                Ok(_) => {}
                Err(failure) => leptos::logging::error!("{failure}"),
            }
        });
    }
}

/// Returns the origin to which the request was sent. `X-Forwarded-Proto` gives the scheme behind a proxy that ends TLS.
/// Without it an https page would name http addresses, which browsers refuse to load.
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

/// Sorts a zone name: the first value has it if the zone exists, the second if it does not.
#[cfg(feature = "ssr")]
fn known(name: Option<String>) -> (Option<String>, Option<String>) {
    match name {
        Some(name) if crate::range::time_zone(&name).is_ok() => (Some(name), None),
        name => (None, name),
    }
}

/// Returns the zone that the request's address names.
#[cfg(feature = "ssr")]
fn pinned_zone() -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let address = leptos_router::location::RequestUrl::new(parts.uri.path_and_query()?.as_str());
    crate::view::View::from_query(address.parse().ok()?.search_params()).tz
}

/// Returns a cookie of the request. The dashboard's own cookies have names and values that need no decoding.
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
