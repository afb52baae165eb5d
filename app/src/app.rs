//! The root component: the bootstrap data and the routes of the dashboard.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

#[cfg(not(feature = "ssr"))]
use crate::bootstrap::Bootstrap;
use crate::{
    browser,
    pages::{not_found::NotFound, page::RoutedPage},
    zones::Zones,
};

/// Renders the dashboard: provides the bootstrap data and routes every address to its page.
#[component]
pub fn App() -> impl IntoView {
    provide_bootstrap();
    // One route serves all pages. Going from page to page keeps the components that they share, and the bundle does not
    // grow.
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/plain/:page?") view=RoutedPage ssr=SsrMode::InOrder />
                <Route path=path!("/:page?") view=RoutedPage />
            </Routes>
        </Router>
    }
}

/// Provides the bootstrap data to the components below, as a signal. In a browser without a server's page the data
/// arrives later.
fn provide_bootstrap() {
    #[cfg(feature = "ssr")]
    let initial = crate::server::http_request::bootstrap;
    #[cfg(not(feature = "ssr"))]
    let initial = Bootstrap::default;
    let bootstrap = RwSignal::new(SharedValue::new(initial).into_inner());
    let zones = bootstrap.with_untracked(Zones::new);
    provide_context(bootstrap.read_only());
    provide_context(zones);

    Effect::new(move |_| {
        browser::mark_interactive();
        zones.follow_browser();
    });
    #[cfg(feature = "csr")]
    leptos::task::spawn_local(async move {
        use crate::server::{BootstrapRequest, call};

        match call(BootstrapRequest).await {
            Ok(value) => bootstrap.set(*value),
            Err(failure) => leptos::logging::error!("{failure}"),
        }
    });
}
