//! The navigation between pages.

use lakefront_api::Page;
use leptos::prelude::*;

use crate::{
    page_index::{parent, title},
    page_state::PageState,
    render,
};

/// Renders the links to the pages. Each link keeps the state that concerns its page.
#[component]
pub fn Navigation() -> impl IntoView {
    let PageState {
        page, view, pages, ..
    } = expect_context();
    let listed = Page::ALL.into_iter().filter(|page| parent(*page).is_none());
    let links = listed.map(|target| {
        let href = Signal::derive(move || pages.read().href(target, &view.read()));
        // A page about one value is marked below the page that lists such values.
        let current = Signal::derive(move || {
            let current = page.get();
            match (current == target, parent(current) == Some(target)) {
                (true, _) => "page",
                (_, true) => "true",
                _ => "false",
            }
            .to_owned()
        });
        let shown = render::page_name(target, title(target)).into_string();
        view! { <li><a href=href aria-current=current inner_html=shown></a></li> }
    });
    view! {
        <nav class="pages" aria-label="Pages">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}
