//! Reads what a page needs from the HTTP request that is being answered: cookies, the origin, the pinned zone.

use std::borrow::Cow;
use std::sync::OnceLock;

use http::{HeaderName, header, request::Parts};
use lakefront_api::{ParamInfo, QueryInfo, time_zone};
use leptos::prelude::use_context;
use leptos_router::location::RequestUrl;

use crate::{
    QueryService,
    bootstrap::{Bootstrap, UTC},
    theme::Theme,
    view::View,
};

/// Returns true if a page of another site made the browser open this address. Its text is then not the viewer's.
pub fn is_foreign() -> bool {
    use_context::<Parts>().is_some_and(|parts| lakefront_hosts::check_fetch_site(&parts.headers).is_err())
}

/// Returns the bootstrap data of the current request: the host's catalogue and the request's cookies.
pub fn bootstrap() -> Bootstrap {
    let host = use_context::<QueryService>();
    let (tz, unknown_tz) = existing_or_unknown(cookie("tz"));
    let (_, unknown_pinned_tz) = existing_or_unknown(pinned_zone());
    Bootstrap {
        catalogue: host
            .as_ref()
            .map(|host| Cow::Borrowed(shown_on_pages(host.catalogue())))
            .unwrap_or_default(),
        tz: tz.unwrap_or_else(|| UTC.into()),
        unknown_tz,
        unknown_pinned_tz,
        theme: cookie("theme")
            .map(|name| Theme::parse(&name))
            .unwrap_or_default(),
    }
}

/// Returns the catalogue without the texts that no page shows: they are half of it, and it is part of every page.
///
/// A program has one catalogue, so that this is done for its first page only.
fn shown_on_pages(catalogue: &'static [QueryInfo]) -> &'static [QueryInfo] {
    static SHOWN: OnceLock<Vec<QueryInfo>> = OnceLock::new();
    SHOWN.get_or_init(|| without_hidden_texts(catalogue))
}

fn without_hidden_texts(catalogue: &[QueryInfo]) -> Vec<QueryInfo> {
    let mut catalogue = catalogue.to_vec();
    for query in &mut catalogue {
        query.order.clear();
        // A query that no page shows only tells which parameters are filters.
        if query.panels.is_empty() {
            query.title.clear();
            query.description.clear();
            query.columns.clear();
            query.params.retain(ParamInfo::is_filter);
        }
        for param in query.params.iter_mut().filter(|param| param.is_filter()) {
            param.description.clear();
        }
        query.columns.retain(|column| !column.unit.is_empty());
        for column in &mut query.columns {
            column.description.clear();
        }
    }
    catalogue
}

/// Returns the origin to which the request was sent. `X-Forwarded-Proto` gives the scheme behind a proxy that ends TLS.
/// Without it an https page would name http addresses, which browsers refuse to load.
pub fn origin() -> String {
    let Some(parts) = use_context::<Parts>() else {
        return String::new();
    };
    let header = |name: HeaderName| parts.headers.get(name)?.to_str().ok();
    let scheme = header(HeaderName::from_static("x-forwarded-proto"))
        .filter(|scheme| ["http", "https"].contains(scheme))
        .or(parts.uri.scheme_str())
        .unwrap_or("http");
    let host = parts.uri.authority().map(http::uri::Authority::as_str);
    format!(
        "{scheme}://{}",
        host.or_else(|| header(header::HOST)).unwrap_or_default()
    )
}

/// Sorts a zone name: the first value has it if the zone exists, the second if it does not.
fn existing_or_unknown(name: Option<String>) -> (Option<String>, Option<String>) {
    match name {
        Some(name) if time_zone(&name).is_ok() => (Some(name), None),
        name => (None, name),
    }
}

/// Returns the zone that the request's address names.
fn pinned_zone() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let address = RequestUrl::new(parts.uri.path_and_query()?.as_str());
    View::from_query(address.parse().ok()?.search_params()).tz
}

/// Returns a cookie of the request. The dashboard's own cookies have names and values that need no decoding.
fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    let cookies = parts
        .headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
