//! The choice of a time range.

use lakefront_api::Preset;
use leptos::prelude::*;

use crate::{
    components::streamed::{ServerResource, Streamed},
    page_state::PageState,
    server::{PickerRequest, placeholder},
    view::{RangeChoice, View},
};

/// Renders the presets as links to the same page. The server renders the other ways to choose a range.
#[component]
pub fn RangeLinks() -> impl IntoView {
    let PageState {
        page,
        view,
        zone,
        reloads,
        ..
    } = expect_context();
    let links = Preset::ALL.map(|preset| {
        let range = RangeChoice::Preset(preset);
        let current = {
            let range = range.clone();
            Signal::derive(move || {
                if view.read().range == range {
                    "true"
                } else {
                    "false"
                }
                .to_owned()
            })
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
    let request = move || PickerRequest {
        page: page.get(),
        query: view.read().without(&["before", "line"]).href(),
        tz: zone.get(),
    };
    let fallback = placeholder(&untrack(request));
    let picker = ServerResource::new(move || Some(request()), reloads.into());
    let html = picker.html(|result| match result {
        Some(Ok(html)) => maud::PreEscaped(html),
        _ => maud::PreEscaped(String::new()),
    });
    view! {
        <div class="segmented">{links.into_iter().collect_view()}</div>
        <Streamed html fallback />
    }
}
