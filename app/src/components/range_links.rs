//! The choice of a time range.

use lakefront_api::Preset;
use leptos::prelude::*;

use crate::{
    page_state::PageState,
    render,
    view::{RangeChoice, View},
};

/// Renders the presets as links to the same page, a custom range behind a button that shows it, and the choice of a past
/// state of the lake behind another.
#[component]
pub fn RangeLinks() -> impl IntoView {
    let PageState { view, zone, .. } = expect_context();
    let links = Preset::ALL.map(|preset| {
        let range = RangeChoice::Preset(preset);
        let current = {
            let range = range.clone();
            Signal::derive(move || truth(view.read().range == range))
        };
        let href = Signal::derive(move || {
            View {
                range: range.clone(),
                tz: None,
                ..view.get()
            }
            .href()
        });
        view! { <a href=href data-noscroll="" aria-current=current inner_html=preset.name()></a> }
    });
    let own = Signal::derive(move || truth(view.read().range.name().is_some()));
    let name = move || render::text(&view.read().range.name().unwrap_or_else(|| "Custom".into()));
    let form = render::range::form(&view.read_untracked(), &zone.get_untracked()).into_string();
    let past = Signal::derive(move || truth(view.read().at.is_some()));
    let state = move || render::range::state(view.read().at.as_deref()).into_string();
    let past_form = move || render::range::past_form(&view.read(), &zone.read()).into_string();
    view! {
        <div class="segmented">{links.into_iter().collect_view()}</div>
        <details class="custom">
            <summary aria-current=own inner_html=name></summary>
            <div inner_html=form></div>
        </details>
        <details class="custom past">
            <summary aria-current=past inner_html=state></summary>
            <div inner_html=past_form></div>
        </details>
    }
}

fn truth(value: bool) -> String {
    if value { "true" } else { "false" }.to_owned()
}
