use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    boot::Boot,
    pages::{dashboard::Dashboard, not_found::NotFound},
};

/// The dashboard.
#[component]
pub fn App() -> impl IntoView {
    Boot::provide();
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Dashboard />
                <Route path=path!("/plain") view=Dashboard ssr=SsrMode::InOrder />
            </Routes>
        </Router>
    }
}
