use lakefront_api::Page;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::AxumRouteListing;
use leptos_router::{Method, SsrMode, static_routes::RegenerationFn};

use crate::{
    App, ROOT,
    site::{PLAIN, document_title},
};

/// What pages run before the app, and in its place.
const SCRIPT: &str = include_str!("page.js");

/// Every page's path, in both orders of streaming.
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

/// The document around the app.
///
/// Pages stream their panels in the order in which they are ready, which takes a little JavaScript. A browser
/// without it goes on to `/plain`, where the same page streams in the order in which it is read. The pages there never load the app: they
/// are for browsers where it does not run, for whatever reason.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let asked = asked();
    let is_plain = asked.is_plain;
    let plain = asked.page.filter(|_| !is_plain).map(|page| {
        let path = format!("{PLAIN}/{}", page.slug());
        let refresh = format!("0;url={}{}", path.trim_end_matches('/'), asked.query);
        view! { <noscript><meta http-equiv="refresh" content=refresh /></noscript> }
    });
    let name = asked.page.map_or_else(|| "Lakefront".to_owned(), document_title);
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

/// What the browser asked for.
#[derive(Default)]
struct Asked {
    /// None where there is no such page.
    page: Option<Page>,
    /// Whether it is below [`PLAIN`].
    is_plain: bool,
    /// With its question mark, if there is one.
    query: String,
}

fn asked() -> Asked {
    let Some(parts) = use_context::<http::request::Parts>() else {
        return Asked::default();
    };
    let path = parts.uri.path();
    let below = path
        .strip_prefix(PLAIN)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    Asked {
        page: Page::of_slug(below.unwrap_or(path).trim_start_matches('/')),
        is_plain: below.is_some(),
        query: parts
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default(),
    }
}
