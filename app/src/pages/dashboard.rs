use lakefront_api::{ChartKind, QueryInfo};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    boot::Boot,
    components::{guide::Guide, panel::Panel, top_bar::TopBar},
    view::View,
};

/// Every named query of the catalogue, each as a panel.
#[component]
pub fn Dashboard() -> impl IntoView {
    let boot = expect_context::<ReadSignal<Boot>>();
    let query = use_query_map();
    let view = Memo::new(move |_| query.with(View::from_query));
    // The last part of every link: pages differ in their path, never in how they read a query string.
    let path = use_location().pathname;
    let refresh = RwSignal::new(0_u32);
    let panels = move || {
        let mut catalogue = boot.with(|boot| boot.catalogue.clone());
        catalogue.sort_by_key(place);
        catalogue.into_iter().map(|info| view! { <Panel info view path refresh=refresh.read_only() /> }).collect_view()
    };
    view! {
        <a class="skip" href="#panels">"Skip to the panels"</a>
        <TopBar view path />
        <main id="panels" tabindex="-1">
            <h1 class="sr-only">"Dashboard"</h1>
            <Guide refresh />
            <div class="panels">{panels}</div>
        </main>
    }
}

/// What changes over time comes first, then rankings, then tables; what asks for something first comes last.
fn place(info: &QueryInfo) -> (bool, u8) {
    let required = info.params.iter().any(|param| param.default.is_none());
    let kind = match info.chart.kind {
        ChartKind::Bar | ChartKind::Line => 0,
        ChartKind::Ranking => 1,
        ChartKind::Table => 2,
    };
    (required, kind)
}
