//! The page for unknown addresses.

use leptos::prelude::*;

/// Renders the page for unknown addresses, with status 404 on the server.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <main class="lost">
            <h1>"There is no such page"</h1>
            <p><a href="/">"Go to the dashboard"</a></p>
        </main>
    }
}
