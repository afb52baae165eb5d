use std::sync::Arc;
use std::time::Duration;

use lakefront_api::{ChartKind, QueryInfo};
use leptos::{
    ev::{Event, MouseEvent, SubmitEvent},
    prelude::*,
};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};
use web_sys::Element;

use crate::{
    boot::{Boot, ViewerZone},
    browser,
    components::{
        panel::Panel,
        range_links::RangeLinks,
        streamed::{Asked, Render, Streamed, asked},
    },
    markup,
    server::{Answer, Question},
    view::View,
};

/// Every named query of the catalogue, each as a panel.
#[component]
pub fn Dashboard() -> impl IntoView {
    let boot = expect_context::<ReadSignal<Boot>>();
    let viewer = expect_context::<ViewerZone>().0;
    let query = use_query_map();
    let view = Memo::new(move |_| query.with(View::from_query));
    let zone = Signal::derive(move || view.read().tz.clone().unwrap_or_else(|| viewer.get()));
    let again = RwSignal::new(0_u32);
    let go = use_go(view, zone);

    let submit = {
        let go = go.clone();
        move |event: SubmitEvent| {
            if let Some(form) = browser::around(&event, "form") {
                event.prevent_default();
                go(&form);
            }
        }
    };
    let change = move |event: Event| {
        if let Some(theme) = browser::around(&event, "[name=theme]") {
            browser::remember("theme", &theme.get_attribute("value").unwrap_or_default());
        } else if let Some(form) = browser::around(&event, "form[data-instant]") {
            go(&form);
        }
    };
    let click = move |event: MouseEvent| {
        if let Some(button) = browser::around(&event, "[data-copy]") {
            browser::copy_beside(&button);
        }
    };
    // Forms follow the address: the back button changes them too.
    Effect::new(move |_| {
        let pairs = view.read().pairs();
        browser::fill(|name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        });
    });

    let health = asked(Memo::new(|_| Some(Question::Health)), again.read_only());
    let facets = asked(Memo::new(|_| Some(Question::Facets)), again.read_only());
    let empty = asked(Memo::new(|_| Some(Question::LakeIsEmpty)), again.read_only());
    wait_for_rows(empty, again);

    let show_health: Render = Arc::new(markup::health::list);
    let show_filters: Render = Arc::new(move |answer| markup::filters::form(answer, &view.read_untracked()));
    let show_guide: Render = Arc::new(move |answer| match answer {
        Some(Ok(Answer::LakeIsEmpty(true))) => {
            let boot = boot.read_untracked();
            markup::guide::steps(&boot.origin, &boot.otlp_endpoint)
        }
        // When the question fails, the panels say why.
        _ => maud::PreEscaped(String::new()),
    });
    let panels = move || {
        let mut catalogue = boot.with(|boot| boot.catalogue.clone());
        catalogue.sort_by_key(place);
        catalogue
            .into_iter()
            .map(|info| view! { <Panel info view again=again.read_only() /> })
            .collect_view()
    };
    let (_, ignored) = signal(false);
    let custom = markup::range::form(&view.read_untracked(), &zone.get_untracked()).into_string();
    let theme = markup::theme::switch(boot.read_untracked().theme).into_string();
    view! {
        <div on:submit=submit on:change=change on:click=click>
            // `external`: the router would scroll but not move the focus.
            <a class="skip" href="#panels" rel="external">"Skip to the panels"</a>
            <header class="top">
                <div class="brand-row">
                    <div inner_html=markup::brand().into_string()></div>
                    <Streamed answer=health render=show_health fallback=markup::health::unknown() pending=ignored />
                    <div inner_html=theme></div>
                </div>
                <div class="controls">
                    <nav class="range" aria-label="Time range">
                        <RangeLinks view />
                        <div inner_html=custom></div>
                        <span class="zone" title="Hours and days are cut, and times are shown, in this zone">{zone}</span>
                    </nav>
                    <Streamed
                        answer=facets
                        render=show_filters
                        fallback=markup::filters::form(None, &view.read_untracked())
                        pending=ignored
                    />
                </div>
            </header>
            <main id="panels" tabindex="-1">
                <h1 class="sr-only">"Dashboard"</h1>
                <Streamed answer=empty render=show_guide fallback=maud::PreEscaped(String::new()) pending=ignored />
                <div class="panels">{panels}</div>
            </main>
        </div>
    }
    .into_any()
}

/// Goes where a form leads, without loading the page again.
fn use_go(view: Memo<View>, zone: Signal<String>) -> impl Fn(&Element) + Clone {
    let path = use_location().pathname;
    let navigate = use_navigate();
    move |form| {
        let mut fields = browser::fields(form);
        // Times of one's own are meant in the zone that the page names.
        if fields.iter().any(|(name, _)| name == "from") {
            fields.push(("tz".into(), zone.get_untracked()));
        }
        let href = view.read_untracked().with(fields).href();
        navigate(
            &(path.get_untracked() + &href),
            NavigateOptions {
                scroll: false,
                ..Default::default()
            },
        );
    }
}

/// When to ask again once the lake has its first rows: others follow them, and ClickHouse gets them after the lake.
const AFTER_FIRST_ROWS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_secs(4),
    Duration::from_secs(10),
    Duration::from_secs(20),
];

/// Looks again every few seconds while the lake is empty, and asks for everything when it no longer is.
fn wait_for_rows(empty: Asked, again: RwSignal<u32>) {
    Effect::new(move |was_empty: Option<bool>| {
        let is_empty = matches!(&*empty.read(), Some(Some(Ok(Answer::LakeIsEmpty(true)))));
        if is_empty {
            set_timeout(move || empty.refetch(), Duration::from_secs(3));
        } else if was_empty == Some(true) {
            for pause in AFTER_FIRST_ROWS {
                set_timeout(move || again.update(|count| *count += 1), pause);
            }
        }
        is_empty
    });
}

/// What changes over time comes first, then rankings, then tables, broad ones after the others; what asks for something
/// first comes last.
fn place(info: &QueryInfo) -> (bool, u8, bool) {
    let required = info.params.iter().any(|param| param.default.is_none());
    let kind = match info.chart.kind {
        ChartKind::Bar | ChartKind::Line => 0,
        ChartKind::Ranking => 1,
        ChartKind::Table => 2,
    };
    (required, kind, markup::panel::broad(info))
}
