use leptos::prelude::*;

use crate::App;

/// The document around the app.
///
/// Pages stream their panels in the order in which they are ready, which takes a little JavaScript. A browser
/// without it goes on to `/plain`, where the same page streams in the order in which it is read.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let plain = plain_address().map(|address| {
        let refresh = format!("0;url={address}");
        view! { <noscript><meta http-equiv="refresh" content=refresh /></noscript> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>"Lakefront"</title>
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

/// Where a browser without JavaScript finds the page that it asked for.
fn plain_address() -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let query = parts
        .uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    (parts.uri.path() == "/").then(|| format!("/plain{query}"))
}
