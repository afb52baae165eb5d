//! The controls of a page: time range, refresh and filters.

use std::sync::Arc;

use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    components::{
        range_links::RangeLinks,
        streamed::{Render, Streamed, asked},
    },
    here::Here,
    markup,
    server::{Question, SuggestionsRequest},
    view::Refresh,
};

/// Renders the time range, the refresh controls and the filters.
#[component]
pub fn Controls() -> impl IntoView {
    let here: Here = expect_context();
    let Here {
        page,
        view,
        zone,
        site,
        ..
    } = here;
    let never = Signal::stored(0);
    let facets = asked(Memo::new(|_| Some(Question::Facets)), never);
    let suggestions = asked(
        Memo::new(move |_| {
            let filters = site.read().filters(page.get()).into_iter();
            let filters: Vec<_> = filters
                .filter_map(|filter| Some((filter.name, filter.suggest?)))
                .collect();
            (!filters.is_empty()).then(|| {
                Question::Suggestions(SuggestionsRequest {
                    filters,
                    range: view.read().range.clone(),
                    tz: zone.get(),
                })
            })
        }),
        never,
    );
    let form = move |answer| {
        let (site, view) = (site.read_untracked(), view.read_untracked());
        markup::filters::form(answer, &site, page.get_untracked(), &view)
    };
    let show_form: Render = Arc::new(form);
    let show_suggestions: Render = Arc::new(markup::filters::suggestions);
    let refresh = markup::refresh::form(&view.read_untracked()).into_string();
    let now = move |event: MouseEvent| {
        event.prevent_default();
        here.ask_again();
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
                    inner_html=move || markup::text(&zone.read())
                ></span>
            </nav>
            <div class="refreshing" data-state=paused>
                <a class="again" href=same on:click=now title="Ask again now" aria-label="Refresh" inner_html=markup::again().into_string()></a>
                <div inner_html=refresh></div>
            </div>
            <Streamed
                answer=facets
                render=show_form
                fallback=form(None)
                redraw=Signal::derive(move || page.track())
            />
            <Streamed answer=suggestions render=show_suggestions fallback=maud::PreEscaped(String::new()) />
        </div>
    }
    .into_any()
}
