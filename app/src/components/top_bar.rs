use leptos::prelude::*;

use crate::{
    components::{
        filters::Filters, health_pill::HealthPill, range_picker::RangePicker, theme_switch::ThemeSwitch,
    },
    view::View,
};

/// Who we are, whether the engines are well, and what the page shows.
#[component]
pub fn TopBar(view: Memo<View>, path: Memo<String>) -> impl IntoView {
    view! {
        <header class="top">
            <div class="brand-row">
                <a class="brand" href="/">
                    <svg viewBox="0 0 32 32" aria-hidden="true">
                        <rect width="32" height="32" rx="8" />
                        <path d="M5 13c4-4 7-4 11 0s7 4 11 0M5 20c4-4 7-4 11 0s7 4 11 0" />
                    </svg>
                    "Lakefront"
                </a>
                <HealthPill />
                <ThemeSwitch />
            </div>
            <div class="controls">
                <RangePicker view path />
                <Filters view path />
            </div>
        </header>
    }
}
