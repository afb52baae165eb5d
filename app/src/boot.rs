use lakefront_api::{Page, QueryInfo};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    browser,
    server::{Answer, Question, ask},
};

/// What every page needs before its first query. The server knows it and hands it to the browser with the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// The named queries.
    pub catalogue: Vec<QueryInfo>,
    /// Where this page came from, as a browser names it: `https://telemetry.example`.
    pub origin: String,
    /// Where an OpenTelemetry SDK sends to, without the signal's path.
    pub otlp_endpoint: String,
    /// The viewer's time zone, as the cookie of an earlier visit names it; else UTC.
    pub tz: String,
    /// The zone that the cookie names, if there is no such zone.
    pub unknown_tz: Option<String>,
    /// The zone that the address names, if there is no such zone.
    pub unknown_pinned_tz: Option<String>,
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
            tz: UTC.into(),
            unknown_tz: None,
            unknown_pinned_tz: None,
            theme: Theme::System,
        }
    }
}

/// The zone of a page for which nobody names one that exists.
const UTC: &str = "UTC";

/// The zones that a page may be shown in.
#[derive(Debug, Clone, Copy)]
pub struct Zones {
    /// The viewer's own, for pages whose address pins none.
    viewer: RwSignal<String>,
    /// The name that the viewer's browser has for its zone, if there is no such zone.
    unknown: RwSignal<Option<String>>,
    /// The name in the address that the page was loaded from, if there is no such zone.
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

    /// Returns the zone in which a page is shown whose address pins this one.
    pub fn shown(self, pinned: Option<&str>) -> String {
        match pinned {
            None => self.viewer.get(),
            Some(_) if self.unknown(pinned).is_some() => UTC.to_owned(),
            Some(name) => name.to_owned(),
        }
    }

    /// Returns the name in whose place UTC is shown.
    pub fn unknown(self, pinned: Option<&str>) -> Option<String> {
        match pinned {
            None => self.unknown.get(),
            Some(_) => self
                .unknown_pinned
                .get_value()
                .filter(|name| Some(&**name) == pinned),
        }
    }

    /// Changes to the browser's zone. The browser cannot say whether the server has a zone of that name, so the server is asked.
    fn follow_browser(self) {
        let Some(name) = browser::time_zone() else { return };
        if name == self.viewer.get_untracked() && self.unknown.with_untracked(Option::is_none) {
            return;
        }
        leptos::task::spawn_local(async move {
            // Without an answer the page stays as it is, and the next one asks again.
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
    /// What the server knows: the host's catalogue and the cookies of the request.
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

/// Splits a name of a zone into one that exists and one that does not.
#[cfg(feature = "ssr")]
fn known(name: Option<String>) -> (Option<String>, Option<String>) {
    match name {
        Some(name) if crate::range::time_zone(&name).is_ok() => (Some(name), None),
        name => (None, name),
    }
}

/// The zone that the address of the request names.
#[cfg(feature = "ssr")]
fn pinned_zone() -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let address = leptos_router::location::RequestUrl::new(parts.uri.path_and_query()?.as_str());
    crate::view::View::from_query(address.parse().ok()?.search_params()).tz
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
