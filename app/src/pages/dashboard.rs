//! A page of the dashboard: the header, the controls and the panels.

use lakefront_api::Page;
use leptos::{
    ev::{Event, MouseEvent, SubmitEvent},
    prelude::*,
};

use crate::{
    auto_refresh::auto_refresh,
    bootstrap::Bootstrap,
    browser,
    components::{
        controls::Controls,
        explore::Explore,
        metrics::Metrics,
        navigation::Navigation,
        panel::Panel,
        sql::Sql,
        streamed::{ServerResource, Streamed},
        subsystem::SubsystemPanel,
    },
    navigator::Navigator,
    page_index::{document_title, parent, title},
    page_state::PageState,
    pointer::{Charts, PointerHandlers},
    render,
    server::{HealthRequest, LakeContent, LakeContentRequest, Subsystem},
    view::Refresh,
};

/// Renders a page: the parts that all pages share, around the panels of this page.
#[component]
pub fn Dashboard(page: Memo<Page>) -> impl IntoView {
    let state = PageState::provide(page);
    let bootstrap = expect_context::<ReadSignal<Bootstrap>>();
    let charts = Charts::provide();
    let navigator = Navigator::new(state);
    auto_refresh(state);
    Effect::new(move |_| document().set_title(&document_title(page.get())));
    // The fields of forms follow the address, because the back button changes the address too.
    Effect::new(move |_| {
        let pairs = state.view.read().pairs();
        browser::fill_forms(|name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        });
    });

    let health = ServerResource::new(|| Some(HealthRequest), state.reloads.into());
    let lake = ServerResource::new(|| Some(LakeContentRequest), Signal::stored(0));
    wait_for_rows(lake, state, navigator.clone());
    let health_html = health.html(render::health::list);
    let backends_html = health.html(render::health::table);
    // If the call fails, the panels show the reason.
    let guide_html = lake.html(|result| match result {
        Some(Ok(LakeContent {
            guide: Some(html), ..
        })) => maud::PreEscaped(html),
        _ => nothing(),
    });
    // This is apart from the guide, so that a new response does not fold the guide's parts again.
    let waiting_html = lake.html(|result| match result {
        Some(Ok(LakeContent {
            guide: Some(_),
            refusal,
        })) => render::guide::waiting(refusal.as_deref()),
        _ => nothing(),
    });

    let heading = move || {
        let parent = parent(page.get());
        let parent = parent.map(|page| (state.pages.read().href(page, &state.view.read()), title(page)));
        render::heading(parent, title(page.get())).into_string()
    };
    let unknown_zone = move || {
        let name = state.unknown_zone.get();
        name.map(|name| render::zone::unknown_zone(&name).into_string())
    };
    let backends = move || {
        (page.get() == Page::Operations).then(|| {
            let html = backends_html.clone();
            view! {
                <section class="panel wide-panel" id="backends" aria-labelledby="backends-title">
                    <div inner_html=render::health::head().into_string()></div>
                    <Streamed html fallback=render::health::unknown() />
                </section>
            }
        })
    };
    let subsystems = move || {
        (page.get() == Page::Operations).then(|| {
            Subsystem::ALL
                .map(|subsystem| view! { <SubsystemPanel subsystem /> })
                .collect_view()
        })
    };
    let chips = move || {
        let view = state.view.read();
        let active = state.pages.read().active(page.get(), &view);
        render::filters::chips(&active, &view).into_string()
    };
    let explore = move || page.get().signal().map(|searched| view! { <Explore searched /> });
    let metrics = move || (page.get() == Page::Metrics).then(|| view! { <Metrics /> });
    let is_sql = Memo::new(move |_| page.get() == Page::Sql);
    let sql = move || is_sql.get().then(|| view! { <Sql /> });
    let related = move || {
        let (pages, view) = (state.pages.read(), state.view.read());
        let link = |name, page, param: &str, field: &str| {
            let value = view.param(param);
            (!value.is_empty()).then(|| (name, pages.search_value(page, &view, field, value)))
        };
        let links = match page.get() {
            Page::Error => vec![
                link(
                    "Log lines with this error",
                    Page::Logs,
                    "error_group",
                    "error.group",
                ),
                link(
                    "Spans with this error",
                    Page::Traces,
                    "error_group",
                    "error.group",
                ),
            ],
            Page::Services => vec![
                link("Spans of this service", Page::Traces, "service", "service"),
                link("Log lines of this service", Page::Logs, "service", "service"),
            ],
            Page::User => vec![
                Some((
                    "What this user did",
                    pages.href(
                        Page::Visitor,
                        &view.with(vec![("visitor_id".into(), view.param("user_id").into())]),
                    ),
                )),
                link("Log lines of this user", Page::Logs, "user_id", "user"),
            ],
            Page::Event => vec![link("Log lines of this event", Page::Logs, "event_name", "event")],
            Page::Visitor => vec![link(
                "Log lines of this visitor",
                Page::Logs,
                "visitor_id",
                "visitor",
            )],
            Page::Trace => vec![link("Log lines of this trace", Page::Logs, "trace_id", "trace")],
            Page::Api if !view.param("route").is_empty() => {
                vec![link("Spans of this route", Page::Traces, "route", "route")]
            }
            Page::Overview | Page::Api if !view.param("service").is_empty() => {
                vec![Some((
                    "Metrics of this service",
                    pages.href(Page::Metrics, &view),
                ))]
            }
            _ => Vec::new(),
        };
        let links: Vec<_> = links.into_iter().flatten().collect();
        render::explore::related(&links).into_string()
    };
    let panels = move || {
        let panels = state.pages.read().panels(page.get()).into_iter();
        panels
            .map(|(info, place)| view! { <Panel info place /> })
            .collect_view()
    };
    let theme = render::theme::switch(bootstrap.read_untracked().theme).into_string();

    let submit = {
        let navigator = navigator.clone();
        move |event: SubmitEvent| {
            if let Some(form) = browser::closest(&event, "form:not([data-whole])") {
                event.prevent_default();
                navigator.submit(&form);
            }
        }
    };
    let change = {
        let navigator = navigator.clone();
        move |event: Event| {
            if let Some(theme) = browser::closest(&event, "[name=theme]") {
                browser::set_cookie("theme", &theme.get_attribute("value").unwrap_or_default());
            } else if let Some(form) = browser::closest(&event, "form[data-instant]") {
                navigator.submit(&form);
            }
        }
    };
    let click = {
        let navigator = navigator.clone();
        move |event: MouseEvent| {
            if let Some(button) = browser::closest(&event, "[data-copy]") {
                browser::copy_beside(&button);
            } else if let Some(part) = browser::closest(&event, "[data-field]") {
                let field = |name| part.get_attribute(name);
                // With Shift, a name in a legend shows its series alone.
                let alone = field("data-alone").filter(|_| event.shift_key());
                if alone.is_none() && has_modifier(&event) {
                    return;
                }
                // A link has the address of the moment at which it was drawn.
                event.prevent_default();
                let value = alone.or_else(|| field("data-value")).unwrap_or_default();
                navigator.set_fields(vec![(field("data-field").unwrap_or_default(), value)]);
            }
        }
    };
    let handlers = PointerHandlers::new(charts, navigator);
    let (down, moved, up, key) = (handlers.clone(), handlers.clone(), handlers.clone(), handlers);
    view! {
        <div class="app" on:submit=submit on:change=change on:click=click>
            // `external` leaves the link to the browser: the router would scroll without moving the focus.
            <a class="skip" href="#panels" rel="external">"Skip to the panels"</a>
            <header class="top">
                <div class="brand-row">
                    <div inner_html=render::brand().into_string()></div>
                    <Streamed html=health_html fallback=render::health::unknown() />
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
                <div inner_html=chips></div>
                <Streamed html=guide_html fallback=nothing() />
                <Streamed html=waiting_html fallback=nothing() />
                <div class="related-links" inner_html=related></div>
                {explore}
                {metrics}
                {sql}
                <div class="panels">{backends}{subsystems}{panels}</div>
            </main>
        </div>
    }
    .into_any()
}

/// Returns true if the browser opens a clicked link elsewhere.
fn has_modifier(event: &MouseEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key()
}

fn nothing() -> maud::Markup {
    maud::PreEscaped(String::new())
}

/// Checks every 3 seconds whether the lake is still empty. After the first row it turns on the auto-refresh: more rows
/// follow the first one, and ClickHouse gets them after the lake.
fn wait_for_rows(lake: ServerResource<LakeContentRequest>, state: PageState, navigator: Navigator) {
    Effect::new(move |was_empty: Option<bool>| {
        let is_empty = lake.read(|content| content.guide.is_some()) == Some(true);
        if is_empty {
            set_timeout(move || lake.refetch(), std::time::Duration::from_secs(3));
        } else if was_empty == Some(true) {
            if state.view.read_untracked().refresh == Refresh::Off {
                navigator.replace_fields(vec![("refresh".into(), Refresh::S10.name().into())]);
            }
            state.reload();
        }
        is_empty
    });
}
