use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
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
    provide_meta_context();
    Boot::provide();
    view! {
        <Title text="Lakefront" />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Dashboard />
                <Route path=path!("/plain") view=Dashboard ssr=SsrMode::InOrder />
            </Routes>
        </Router>
    }
}
