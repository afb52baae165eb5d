use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

use crate::pages::dashboard::Dashboard;

/// The dashboard.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text="Lakefront" />
        <Router>
            <Routes fallback=|| "There is no such page.">
                <Route path=path!("/") view=Dashboard />
            </Routes>
        </Router>
    }
}
