use lakefront_api::Preset;
use leptos::prelude::*;

use crate::view::{RangeChoice, View};

/// The presets, as links to the same page.
#[component]
pub fn RangeLinks(view: Memo<View>) -> impl IntoView {
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
        view! { <a href=href data-noscroll="" aria-current=current>{preset.name()}</a> }
    });
    view! { <div class="segmented">{links.into_iter().collect_view()}</div> }
}
