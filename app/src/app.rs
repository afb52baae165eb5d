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

/// The dashboard.
#[component]
pub fn App() -> impl IntoView {
    Boot::provide();
    // One route for all pages: going from one to another keeps what they share, and costs the bundle nothing.
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/plain/:page?") view=AnyPage ssr=SsrMode::InOrder />
                <Route path=path!("/:page?") view=AnyPage />
            </Routes>
        </Router>
    }
}
