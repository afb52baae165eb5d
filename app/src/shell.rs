use lakefront_api::Page;
use leptos::prelude::*;
use leptos_axum::AxumRouteListing;
use leptos_router::{Method, SsrMode, static_routes::RegenerationFn};

use crate::{
    App,
    site::{PLAIN, document_title},
};

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
/// without it goes on to `/plain`, where the same page streams in the order in which it is read.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let asked = asked();
    let plain = asked.as_ref().filter(|asked| !asked.plain).map(|asked| {
        let path = format!("{PLAIN}/{}", asked.page.slug());
        let refresh = format!("0;url={}{}", path.trim_end_matches('/'), asked.query);
        view! { <noscript><meta http-equiv="refresh" content=refresh /></noscript> }
    });
    let name = asked.map_or_else(|| "Lakefront".to_owned(), |asked| document_title(asked.page));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>{name}</title>
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="Telemetry on a lake of your own: errors, visitors, latency." />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href="/style.css" />
                {plain}
                <HydrationScripts options />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// What the browser asked for.
struct Asked {
    page: Page,
    plain: bool,
    /// With its question mark, if there is one.
    query: String,
}

/// The page that was asked for; none where there is no such page.
fn asked() -> Option<Asked> {
    let parts = use_context::<http::request::Parts>()?;
    let path = parts.uri.path();
    let below = path
        .strip_prefix(PLAIN)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    Some(Asked {
        page: Page::of_slug(below.unwrap_or(path).trim_start_matches('/'))?,
        plain: below.is_some(),
        query: parts
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default(),
    })
}
