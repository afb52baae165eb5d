//! The view of both routes. It finds the page that the address names.

use lakefront_api::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::bootstrap::Bootstrap;

use super::{dashboard::Dashboard, not_found::NotFound};

/// Renders the page that the address names, or [`NotFound`].
#[component]
pub fn RoutedPage() -> impl IntoView {
    let params = use_params_map();
    let bootstrap = expect_context::<ReadSignal<Bootstrap>>();
    let named = Memo::new(move |_| {
        let slug = params.read().get("page").unwrap_or_default();
        Page::of_slug(&slug).filter(|page| bootstrap.read().has_page(*page))
    });
    let exists = Memo::new(move |_| named.get().is_some());
    let page = Memo::new(move |_| named.get().unwrap_or(Page::Overview));
    move || {
        if exists.get() {
            view! { <Dashboard page /> }.into_any()
        } else {
            view! { <NotFound /> }.into_any()
        }
    }
}
