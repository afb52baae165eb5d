//! The dashboard's pages and server functions on the same axum router.

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
use crate::routes::{not_found, wants_page};
use crate::visit::Visit;

/// The global that the bundler writes in front of the Worker: the folder of this build's browser bundle.
const BUNDLE_FOLDER: &str = "LAKEFRONT_BUNDLE_FOLDER";

/// Adds the pages and server functions to the API's routes, and an answer to every other path.
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

/// What pages and server functions find in their context, and the policy of their answer.
fn page_context() {
    if let Some(visit) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Visit>().cloned()) {
        provide_context(QueryService::new(visit));
    }
    if let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce())
        && let Some(policy) = page_policy(&nonce)
    {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The same address without slashes at the end of its path; none where it has none.
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_matches(['/', '\\']);
    if path.is_empty() {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // One slash at its begin: two would name another host.
    Some(format!("/{path}{query}"))
}

/// A path that nothing answers: a page for people, a problem for programs.
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
