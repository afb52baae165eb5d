//! The HTML document around the app, and the list of its routes.

use lakefront_api::Page;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::AxumRouteListing;
use leptos_router::{Method, SsrMode, static_routes::RegenerationFn};

use crate::{
    App, ROOT,
    page_index::{PLAIN, document_title},
    server::http_request::is_foreign,
};

/// The script that pages run before the app, and instead of the app.
const SCRIPT: &str = include_str!("page.js");

/// Returns the path of every page, once for each order of streaming.
pub fn routes() -> Vec<AxumRouteListing> {
    let listed = |page: &Page| {
        let slug = page.slug();
        let plain = format!("{PLAIN}/{slug}");
        [
            (format!("/{slug}"), SsrMode::OutOfOrder),
            (plain.trim_end_matches('/').to_owned(), SsrMode::InOrder),
        ]
    };
    let paths = Page::ALL.iter().flat_map(listed);
    let never = Vec::<RegenerationFn>::new;
    paths
        .map(|(path, mode)| AxumRouteListing::new(path, mode, [Method::Get], never()))
        .collect()
}

/// Renders the document around the app.
///
/// Pages stream their panels in the order in which they are ready, which takes a little JavaScript. A browser without
/// JavaScript goes on to `/plain`. There the same page streams in reading order and never loads the app, so these pages
/// also serve browsers in which the app does not run.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let requested = requested_page();
    let is_plain = requested.is_plain;
    // The page after a redirect does not know that another site led to the first one, and would run its statement.
    let stays = |page: &Page| is_plain || (*page == Page::Sql && is_foreign());
    let plain = requested.page.filter(|page| !stays(page)).map(|page| {
        let path = format!("{PLAIN}/{}", page.slug());
        let refresh = format!("0;url={}{}", path.trim_end_matches('/'), requested.query);
        view! { <noscript><meta http-equiv="refresh" content=refresh /></noscript> }
    });
    let name = requested
        .page
        .map_or_else(|| "Lakefront".to_owned(), document_title);
    let package = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let app = (!is_plain).then(|| {
        view! {
            <link rel="modulepreload" href=format!("{package}.js") />
            <link rel="preload" href=format!("{package}_bg.wasm") r#as="fetch" r#type="application/wasm" crossorigin="" />
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" class=is_plain.then_some("plain")>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>{name}</title>
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="Telemetry on a lake of your own: errors, visitors, latency." />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href="/style.css" />
                {plain}
                {app}
            </head>
            <body>
                <script nonce=use_nonce() data-app=(!is_plain).then_some(package)>
                    {SCRIPT}
                </script>
                <div id=ROOT>
                    <App />
                </div>
                <p class="whole-pages" role="status"></p>
            </body>
        </html>
    }
}

/// The page that the browser requested.
#[derive(Default)]
struct RequestedPage {
    /// The page, or `None` if the path names none.
    page: Option<Page>,
    /// True if the path is below [`PLAIN`].
    is_plain: bool,
    /// The query string with its question mark, or an empty text.
    query: String,
}

fn requested_page() -> RequestedPage {
    let Some(parts) = use_context::<http::request::Parts>() else {
        return RequestedPage::default();
    };
    let path = parts.uri.path();
    let below = path
        .strip_prefix(PLAIN)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    RequestedPage {
        page: Page::of_slug(below.unwrap_or(path).trim_start_matches('/')),
        is_plain: below.is_some(),
        query: parts
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default(),
    }
}
