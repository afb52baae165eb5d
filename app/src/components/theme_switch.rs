use leptos::prelude::*;

use crate::{
    boot::{Boot, Theme},
    browser,
};

/// Light, dark or as the system has it. The style sheet follows the checked button, so it works without
/// JavaScript; with it the choice is remembered.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = expect_context::<ReadSignal<Boot>>().with_untracked(|boot| boot.theme);
    let button = |theme: Theme| {
        let name = theme.name();
        let icon = match theme {
            Theme::System => "M3 4h18v12H3zM8 20h8M12 16v4",
            Theme::Light => "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
            Theme::Dark => "M20 14.5A8.5 8.5 0 1 1 9.5 4 7 7 0 0 0 20 14.5z",
        };
        view! {
            <label title=format!("{name} theme")>
                <input
                    type="radio"
                    name="theme"
                    id=format!("theme-{name}")
                    checked=theme == chosen
                    on:change=move |_| browser::remember("theme", name)
                />
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d=icon /></svg>
                <span class="sr-only">{name}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segmented theme">
            <legend class="sr-only">"Theme"</legend>
            {Theme::ALL.map(button).collect_view()}
        </fieldset>
    }
}
