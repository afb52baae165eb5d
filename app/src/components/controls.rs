//! The controls of a page: time range, refresh and filters.

use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    components::{
        range_links::RangeLinks,
        streamed::{ServerResource, Streamed},
    },
    page_state::PageState,
    render,
    server::{Facet, FacetsRequest, SuggestionsRequest},
    view::Refresh,
};

/// Renders the time range, the refresh controls and the filters.
#[component]
pub fn Controls() -> impl IntoView {
    let state: PageState = expect_context();
    let PageState {
        page,
        view,
        zone,
        pages,
        ..
    } = state;
    let never = Signal::stored(0);
    let facets = ServerResource::new(|| Some(FacetsRequest), never);
    let suggestions = ServerResource::new(
        move || {
            let filters = pages.read().filters(page.get()).into_iter();
            let filters: Vec<_> = filters
                .filter_map(|filter| Some((filter.name, filter.suggest?)))
                .collect();
            (!filters.is_empty()).then(|| SuggestionsRequest {
                filters,
                range: view.read().range.clone(),
                tz: zone.get(),
            })
        },
        never,
    );
    // Without the lists the page works, and their choices are missing.
    let form = move |facets: Vec<Facet>| {
        let (pages, view) = (pages.read_untracked(), view.read_untracked());
        render::filters::form(&facets, &pages, page.get_untracked(), &view)
    };
    let form_html = facets.html(move |result| form(result.and_then(Result::ok).unwrap_or_default()));
    let suggestions_html = suggestions.html(|result| {
        let facets = result.and_then(Result::ok).unwrap_or_default();
        render::filters::suggestions(&facets)
    });
    let refresh = render::refresh::form(&view.read_untracked()).into_string();
    let now = move |event: MouseEvent| {
        event.prevent_default();
        state.reload();
    };
    let same = Signal::derive(move || view.read().href());
    let paused = Signal::derive(move || {
        if view.read().refresh == Refresh::Off {
            ""
        } else {
            "live"
        }
        .to_owned()
    });
    view! {
        <div class="controls">
            <nav class="range" aria-label="Time range">
                <RangeLinks />
                <span
                    class="zone"
                    translate="no"
                    title="Hours and days are cut, and times are shown, in this zone"
                    inner_html=move || render::text(&zone.read())
                ></span>
            </nav>
            <div class="refreshing" data-state=paused>
                <a class="again" href=same on:click=now title="Ask again now" aria-label="Refresh" inner_html=render::refresh_icon().into_string()></a>
                <div inner_html=refresh></div>
            </div>
            <Streamed
                html=form_html
                fallback=form(Vec::new())
                redraw=Signal::derive(move || page.track())
            />
            <Streamed html=suggestions_html fallback=maud::PreEscaped(String::new()) />
        </div>
    }
    .into_any()
}
