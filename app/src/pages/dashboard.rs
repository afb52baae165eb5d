//! A page of the dashboard: the header, the controls and the panels.

use std::sync::Arc;

use lakefront_api::Page;
use leptos::{
    ev::{Event, MouseEvent, SubmitEvent},
    prelude::*,
};

use crate::{
    boot::Boot,
    browser,
    components::{
        controls::Controls,
        navigation::Navigation,
        panel::Panel,
        part::PartPanel,
        streamed::{Asked, Render, Streamed, asked},
    },
    go::Go,
    here::Here,
    markup,
    pointer::{Charts, Pointing},
    refresh::keep_fresh,
    server::{Answer, Part, Question},
    site::{above, document_title, title},
    view::Refresh,
};

/// Renders a page: the parts that all pages share, around the panels of this page.
#[component]
pub fn Dashboard(page: Memo<Page>) -> impl IntoView {
    let here = Here::provide(page);
    let boot = expect_context::<ReadSignal<Boot>>();
    let charts = Charts::provide();
    let go = Go::new(here);
    keep_fresh(here);
    Effect::new(move |_| document().set_title(&document_title(page.get())));
    // The fields of forms follow the address, because the back button changes the address too.
    Effect::new(move |_| {
        let pairs = here.view.read().pairs();
        browser::fill(|name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        });
    });

    let health = asked(Memo::new(|_| Some(Question::Health)), here.again.into());
    let empty = asked(Memo::new(|_| Some(Question::LakeIsEmpty)), Signal::stored(0));
    wait_for_rows(empty, here, go.clone());
    let show_health: Render = Arc::new(markup::health::list);
    let show_backends: Render = Arc::new(markup::health::table);
    let show_guide: Render = Arc::new(move |answer| match answer {
        Some(Ok(Answer::LakeIsEmpty { empty: true, .. })) => {
            let boot = boot.read_untracked();
            markup::guide::steps(&boot.origin, &boot.otlp_endpoint)
        }
        // If the question fails, the panels show the reason.
        _ => nothing(),
    });
    // This is apart from the guide, so that a new answer does not fold the guide's parts again.
    let show_waiting: Render = Arc::new(|answer| match answer {
        Some(Ok(Answer::LakeIsEmpty { empty: true, refusal })) => markup::guide::waiting(refusal.as_deref()),
        _ => nothing(),
    });

    let heading = move || {
        let parent = above(page.get());
        let parent = parent.map(|above| (here.site.read().page(above, &here.view.read()), title(above)));
        markup::heading(parent, title(page.get())).into_string()
    };
    let unknown_zone = move || {
        let name = here.unknown_zone.get();
        name.map(|name| markup::range::unknown_zone(&name).into_string())
            .unwrap_or_default()
    };
    let backends = move || {
        (page.get() == Page::Operations).then(|| {
            let render = show_backends.clone();
            view! {
                <section class="panel wide-panel" id="backends" aria-labelledby="backends-title">
                    <div inner_html=markup::health::head().into_string()></div>
                    <Streamed answer=health render fallback=markup::health::unknown() />
                </section>
            }
        })
    };
    let parts = move || {
        (page.get() == Page::Operations)
            .then(|| Part::ALL.map(|part| view! { <PartPanel part /> }).collect_view())
    };
    let panels = move || {
        let panels = here.site.read().panels(page.get()).into_iter();
        panels
            .map(|(info, place)| view! { <Panel info place /> })
            .collect_view()
    };
    let theme = markup::theme::switch(boot.read_untracked().theme).into_string();

    let submit = {
        let go = go.clone();
        move |event: SubmitEvent| {
            if let Some(form) = browser::around(&event, "form") {
                event.prevent_default();
                go.form(&form);
            }
        }
    };
    let change = {
        let go = go.clone();
        move |event: Event| {
            if let Some(theme) = browser::around(&event, "[name=theme]") {
                browser::remember("theme", &theme.get_attribute("value").unwrap_or_default());
            } else if let Some(form) = browser::around(&event, "form[data-instant]") {
                go.form(&form);
            }
        }
    };
    let click = move |event: MouseEvent| {
        if let Some(button) = browser::around(&event, "[data-copy]") {
            browser::copy_beside(&button);
        }
    };
    let pointing = Pointing::new(charts, go);
    let (down, moved, up, key) = (pointing.clone(), pointing.clone(), pointing.clone(), pointing);
    view! {
        <div class="app" on:submit=submit on:change=change on:click=click>
            // `external` leaves the link to the browser: the router would scroll without moving the focus.
            <a class="skip" href="#panels" rel="external">"Skip to the panels"</a>
            <header class="top">
                <div class="brand-row">
                    <div inner_html=markup::brand().into_string()></div>
                    <Streamed answer=health render=show_health fallback=markup::health::unknown() />
                    <div inner_html=theme></div>
                </div>
            </header>
            <Navigation />
            <main
                id="panels"
                tabindex="-1"
                on:pointerdown=move |event| down.down(&event)
                on:pointermove=move |event| moved.moved(&event)
                on:pointerup=move |event| up.up(&event)
                on:pointerleave=move |_| charts.hide()
                on:keydown=move |event| key.key(&event)
            >
                <div class="heading"><h1 inner_html=heading></h1></div>
                <p class="unknown-zone" role="status" inner_html=unknown_zone></p>
                <Controls />
                <Streamed answer=empty render=show_guide fallback=nothing() />
                <Streamed answer=empty render=show_waiting fallback=nothing() />
                <div class="panels">{backends}{parts}{panels}</div>
            </main>
        </div>
    }
    .into_any()
}

fn nothing() -> maud::Markup {
    maud::PreEscaped(String::new())
}

/// Checks every 3 seconds whether the lake is still empty. After the first row it turns on the auto-refresh: more rows
/// follow the first one, and ClickHouse gets them after the lake.
fn wait_for_rows(empty: Asked, here: Here, go: Go) {
    Effect::new(move |was_empty: Option<bool>| {
        let is_empty = matches!(
            &*empty.read(),
            Some(Some(Ok(Answer::LakeIsEmpty { empty: true, .. })))
        );
        if is_empty {
            set_timeout(move || empty.refetch(), std::time::Duration::from_secs(3));
        } else if was_empty == Some(true) {
            if here.view.read_untracked().refresh == Refresh::Off {
                go.replace(vec![("refresh".into(), Refresh::S10.name().into())]);
            }
            here.ask_again();
        }
        is_empty
    });
}
