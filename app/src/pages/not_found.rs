use leptos::prelude::*;

/// A page for addresses that lead nowhere.
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
