//! The navigation between pages.

use lakefront_api::Page;
use leptos::prelude::*;

use crate::{
    here::Here,
    markup,
    site::{above, title},
};

/// Renders the links to the pages. Each link keeps the state that concerns its page.
#[component]
pub fn Navigation() -> impl IntoView {
    let Here { page, view, site, .. } = expect_context();
    let listed = Page::ALL.into_iter().filter(|page| above(*page).is_none());
    let links = listed.map(|target| {
        let href = Signal::derive(move || site.read().page(target, &view.read()));
        // A page about one value is marked below the page that lists such values.
        let current = Signal::derive(move || {
            let here = page.get();
            match (here == target, above(here) == Some(target)) {
                (true, _) => "page",
                (_, true) => "true",
                _ => "false",
            }
            .to_owned()
        });
        let shown = markup::page_name(target, title(target)).into_string();
        view! { <li><a href=href aria-current=current inner_html=shown></a></li> }
    });
    view! {
        <nav class="pages" aria-label="Pages">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}
