use lakefront_api::{ParamInfo, ParamKind, QueryInfo};
use leptos::prelude::*;

use crate::{components::query_form::QueryForm, view::View};

/// A panel's own parameters.
#[component]
pub fn ParamsForm<'a>(info: &'a QueryInfo, view: Memo<View>, path: Memo<String>) -> impl IntoView + use<> {
    let query = info.name.clone();
    let params: Vec<_> = own(info).cloned().collect();
    if params.is_empty() {
        return ().into_any();
    }
    let required = params.iter().any(|param| param.default.is_none());
    let kept = {
        let prefix = format!("{query}.");
        Memo::new(move |_| {
            let mut view = view.get();
            view.params.retain(|key, _| !key.starts_with(&prefix));
            view
        })
    };
    let chosen = {
        let (query, params) = (query.clone(), params.clone());
        move || view.with(|view| params.iter().any(|param| view.param(&query, &param.name).is_some()))
    };
    let fields = params.into_iter().map(|param| field(&query, param, view)).collect_view();
    let form = view! { <QueryForm kept path>{fields}<button>"Show"</button></QueryForm> };
    if required {
        return view! { <div class="params">{form}</div> }.into_any();
    }
    view! {
        <details class="params" open=chosen.clone()() class:active=chosen>
            <summary>"Options"</summary>
            {form}
        </details>
    }
    .into_any()
}

/// The parameters that are not filters of the whole page.
pub fn own(info: &QueryInfo) -> impl Iterator<Item = &ParamInfo> {
    info.params.iter().filter(|param| param.name != "service" && param.name != "environment")
}

fn field(query: &str, param: ParamInfo, view: Memo<View>) -> impl IntoView + use<> {
    let key = format!("{query}.{}", param.name);
    let value = {
        let key = key.clone();
        move || view.with(|view| view.params.get(&key).cloned()).unwrap_or_default()
    };
    let default = param.default.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let kind = match param.kind {
        ParamKind::Text => "text",
        ParamKind::Integer => "number",
    };
    view! {
        <label title=param.description>
            {lakefront_chart::words(&param.name)}
            <input
                type=kind
                name=key
                required=param.default.is_none()
                min=(param.kind == ParamKind::Integer).then_some("1")
                max=(param.kind == ParamKind::Integer).then(|| param.max.to_string())
                maxlength=(param.kind == ParamKind::Text).then(|| param.max.to_string())
                placeholder=default.filter(|text| !text.is_empty()).unwrap_or_else(|| "any".into())
                prop:value=value.clone()
                value=value
            />
        </label>
    }
}
