use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{components::panel::Panel, server::catalogue, view::View};

/// Every named query of the catalogue.
#[component]
pub fn Dashboard() -> impl IntoView {
    let query = use_query_map();
    let view = Memo::new(move |_| query.with(View::from_query));
    let queries = Resource::new(|| (), |()| catalogue());
    view! {
        <main>
            <h1>"Lakefront"</h1>
            <Suspense fallback=|| "Loading the catalogue …">
                {move || Suspend::new(async move {
                    queries.await.map(|queries| {
                        queries.into_iter().map(|info| view! { <Panel info view /> }).collect_view()
                    }).map_err(|failure| failure.to_string())
                })}
            </Suspense>
        </main>
    }
}
