//! The root component: the routes of the dashboard.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    boot::Boot,
    pages::{any::AnyPage, not_found::NotFound},
};

/// Renders the dashboard: provides [`Boot`] and routes every address to its page.
#[component]
pub fn App() -> impl IntoView {
    Boot::provide();
    // One route serves all pages. Going from page to page keeps the components that they share, and the bundle does not
    // grow.
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/plain/:page?") view=AnyPage ssr=SsrMode::InOrder />
                <Route path=path!("/:page?") view=AnyPage />
            </Routes>
        </Router>
    }
}
