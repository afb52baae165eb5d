use lakefront_api::Preset;
use leptos::prelude::*;

use crate::{
    boot::ViewerZone,
    components::query_form::QueryForm,
    view::{RangeChoice, View},
};

/// Presets as links, two local times as a form, and the zone in which all of it is meant.
#[component]
pub fn RangePicker(view: Memo<View>, path: Memo<String>) -> impl IntoView {
    let viewer = expect_context::<ViewerZone>().0;
    let zone = move || view.with(|view| view.tz.clone()).unwrap_or_else(|| viewer.get());
    let preset = move |preset: Preset| {
        let choice = RangeChoice::Preset(preset);
        let href = {
            let choice = choice.clone();
            move || view.with(|view| View { range: choice.clone(), tz: None, ..view.clone() }.href())
        };
        let current = move || view.with(|view| view.range == choice).then_some("true");
        view! { <a href=href data-noscroll="" aria-current=current>{preset.name()}</a> }
    };
    let between = move || view.with(|view| match &view.range {
        RangeChoice::Between { from, to } => (from.clone(), to.clone()),
        RangeChoice::Preset(_) => (String::new(), String::new()),
    });
    let custom = move || view.with(|view| matches!(view.range, RangeChoice::Between { .. }));
    let label = move || match between() {
        (from, _) if from.is_empty() => "Custom".to_owned(),
        (from, to) => format!("{} – {}", from.replace('T', " "), to.replace('T', " ")),
    };
    // The form sends its own range, and pins the zone in which the viewer meant it.
    let kept = Memo::new(move |_| {
        view.with(|view| View { range: RangeChoice::default(), tz: Some(zone()), ..view.clone() })
    });
    view! {
        <nav class="range" aria-label="Time range">
            <div class="segmented">
                {Preset::ALL.map(preset).collect_view()}
            </div>
            <details class="custom" class:active=custom>
                <summary>{label}</summary>
                <QueryForm kept path>
                    <label>
                        "From"
                        <input type="datetime-local" name="from" required prop:value=move || between().0 value=move || between().0 />
                    </label>
                    <label>
                        "To"
                        <input type="datetime-local" name="to" required prop:value=move || between().1 value=move || between().1 />
                    </label>
                    <button>"Apply"</button>
                </QueryForm>
            </details>
            <span class="zone" title="Hours and days are cut, and times are shown, in this zone">
                {zone}
            </span>
        </nav>
    }
}
