use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    components::query_form::QueryForm,
    server::{Facets, facets},
    view::View,
};

/// Which service and which environment: applied at once with JavaScript, by a button without.
#[component]
pub fn Filters(view: Memo<View>, path: Memo<String>) -> impl IntoView {
    let known = Resource::new(|| (), |()| facets());
    let kept = Memo::new(move |_| {
        view.with(|view| View { service: String::new(), environment: String::new(), ..view.clone() })
    });
    let navigate = use_navigate();
    let go = move |view: View| {
        let options = NavigateOptions { scroll: false, ..Default::default() };
        navigate(&format!("{}{}", path.get_untracked(), view.href()), options);
    };
    let service = {
        let go = go.clone();
        move |value| go(View { service: value, ..view.get_untracked() })
    };
    let environment = move |value| go(View { environment: value, ..view.get_untracked() });
    let chosen = move |facets: &Facets| {
        let services = choices(&facets.services, &view.with(|view| view.service.clone()), "All services");
        let environments =
            choices(&facets.environments, &view.with(|view| view.environment.clone()), "All environments");
        (services, environments)
    };
    let selects = move |facets: Facets| {
        let (service, environment) = (service.clone(), environment.clone());
        view! {
            <select
                name="service"
                aria-label="Service"
                on:change=move |event| service(event_target_value(&event))
            >
                {
                    let facets = facets.clone();
                    move || chosen(&facets).0
                }
            </select>
            <select
                name="environment"
                aria-label="Environment"
                on:change=move |event| environment(event_target_value(&event))
            >
                {move || chosen(&facets).1}
            </select>
        }
    };
    let fallback = selects.clone();
    view! {
        <search class="filters">
            <QueryForm kept path>
                <Transition fallback=move || fallback(Facets::default())>
                    {move || {
                        let selects = selects.clone();
                        // Without the list of services the page works; only the choice is missing.
                        Suspend::new(async move { selects(known.await.unwrap_or_default()) })
                    }}
                </Transition>
                <button>"Apply"</button>
            </QueryForm>
        </search>
    }
}

/// The options of a select: all, the known ones, and the chosen one even if it is not known.
fn choices(known: &[String], chosen: &str, all: &'static str) -> impl IntoView + use<> {
    let mut values = known.to_vec();
    if !chosen.is_empty() && !values.iter().any(|value| value == chosen) {
        values.push(chosen.to_owned());
    }
    let options = values.into_iter().map(|value| {
        let selected = value == chosen;
        let text = value.clone();
        view! { <option value=value selected=selected>{text}</option> }
    });
    let none = chosen.is_empty();
    (view! { <option value="" selected=none>{all}</option> }, options.collect_view())
}
