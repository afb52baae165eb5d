//! The routes of the dashboard: pages, server functions, and the reply to unknown paths.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{StatusCode, Uri, header};
use lakefront_app::{QueryService, routes, shell};
use leptos::config::LeptosOptions;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{LeptosRoutes, ResponseOptions, render_app_async_with_context};
use worker::js_sys::{Reflect, global};
use worker::wasm_bindgen::JsValue;

use crate::headers::page_policy;
use crate::request::RequestContext;
use crate::routes::{not_found, wants_page};

/// The global variable with the folder of this build's browser bundle. The bundler writes it at the top of the Worker's
/// script.
const BUNDLE_FOLDER: &str = "LAKEFRONT_BUNDLE_FOLDER";

/// Adds pages, server functions and a fallback for every other path to the routes of the API.
pub fn with_dashboard(api: Router<LeptosOptions>) -> Router {
    let options = options();
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    api.leptos_routes_with_context(&options, routes(), page_context, document)
        .fallback(elsewhere)
        .with_state(options)
}

fn options() -> LeptosOptions {
    let folder = Reflect::get(&global(), &JsValue::from_str(BUNDLE_FOLDER))
        .ok()
        .and_then(|text| text.as_string());
    LeptosOptions::builder()
        .output_name("lakefront")
        .site_pkg_dir(folder.unwrap_or_else(|| "pkg".into()))
        .build()
}

/// Provides the context of pages and server functions, and sets the security policy of their replies.
fn page_context() {
    if let Some(context) =
        use_context::<Parts>().and_then(|parts| parts.extensions.get::<RequestContext>().cloned())
    {
        provide_context(QueryService::new(context));
    }
    if let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce())
        && let Some(policy) = page_policy(&nonce)
    {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Returns the address without the slashes at the end of its path, or `None` if there are none or nothing else.
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_matches(['/', '\\']);
    if path.is_empty() {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // The path begins with one slash: two would name another host.
    Some(format!("/{path}{query}"))
}

/// Answers an unknown path with a redirect if it ends in a slash, with a page for browsers, and with a problem for
/// programs.
async fn elsewhere(State(options): State<LeptosOptions>, request: Request<Body>) -> Response {
    if let Some(path) = without_slash(request.uri()) {
        return Redirect::permanent(&path).into_response();
    }
    if !wants_page(request.method(), request.headers()) {
        return not_found(request.uri()).into_response();
    }
    let mut page = render_app_async_with_context(page_context, move || shell(options.clone()))(request).await;
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}
