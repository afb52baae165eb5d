//! The dashboard: Leptos, rendered in the Worker and hydrated in the browser.
//!
//! The whole state of a page is in its URL ([`view`]). Components read the state, call the server ([`call`](server::call))
//! and insert the HTML that `render` makes of the response. On the server a call goes to the `QueryService` that the
//! host put into the context. This crate never calls an engine, holds no SQL of a named query and names no query in
//! code.

mod app;
mod auto_refresh;
mod bootstrap;
mod browser;
mod cell_format;
mod components;
mod elapsed;
mod failure;
mod json;
mod navigator;
mod page_index;
mod page_state;
mod pages;
mod pointer;
#[cfg(feature = "ssr")]
mod range;
mod render;
mod render_context;
pub mod server;
#[cfg(feature = "ssr")]
mod service;
#[cfg(feature = "ssr")]
mod shell;
mod theme;
pub mod view;
mod vital;
mod wire_catalogue;
mod zones;

pub use app::App;
pub use bootstrap::Bootstrap;
pub use failure::Failure;
#[cfg(feature = "ssr")]
pub use server::{
    Download, SqlNames, Statement, StatementAnswer, download, is_sql, rows_address, sql_answer,
    sql_estimated, sql_names, statement_address,
};
#[cfg(feature = "ssr")]
pub use service::{Backends, FileRequest, HostFuture, ParquetFile, QueryService, ServerRows};
#[cfg(feature = "ssr")]
pub use shell::{routes, shell};
pub use theme::Theme;

/// The id of the element around the app. Elements that extensions add to the body stay outside of it.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
const ROOT: &str = "lakefront";

/// Hydrates the page that the server rendered. After a panic, now or later, `page.js` opens the page without the app.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use leptos::wasm_bindgen::JsCast;

    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        browser::report_panic();
    }));
    let root = leptos::prelude::document().get_element_by_id(ROOT);
    if let Some(root) = root.and_then(|root| root.dyn_into().ok()) {
        leptos::mount::hydrate_from(root, App).forget();
    } else {
        browser::report_panic();
    }
}
