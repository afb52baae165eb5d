use lakefront_api::{ParamInfo, ParamKind, QueryInfo};
use lakefront_chart::words;
use maud::{Markup, html};

use super::hidden;
use crate::view::View;

/// A panel's own parameters: open where one is required, else behind a word.
pub fn form(info: &QueryInfo, view: &View) -> Markup {
    let own = info
        .params
        .iter()
        .filter(|param| param.name != "service" && param.name != "environment");
    let params: Vec<_> = own.collect();
    let prefix = format!("{}.", info.name);
    let mut kept = view.clone();
    kept.params.retain(|(key, _)| !key.starts_with(&prefix));
    let fields = html! {
        form method="get" {
            (hidden(&kept))
            @for param in &params { (field(&info.name, param, view)) }
            button { "Show" }
        }
    };
    html! {
        @if params.iter().any(|param| param.default.is_none()) {
            div.params { (fields) }
        } @else if !params.is_empty() {
            details.params open[kept != *view] { summary { "Options" } (fields) }
        }
    }
}

fn field(query: &str, param: &ParamInfo, view: &View) -> Markup {
    let default = param
        .default
        .as_ref()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let hint = match default {
        None => "required".to_owned(),
        Some(text) if text.is_empty() => "any".to_owned(),
        Some(text) => text,
    };
    let number = param.kind == ParamKind::Integer;
    html! {
        label title=(param.description) {
            (words(&param.name))
            input
                type=(if number { "number" } else { "text" })
                name={ (query) "." (param.name) }
                value=(view.param(query, &param.name).unwrap_or_default())
                placeholder=(hint)
                required[param.default.is_none()]
                min=[number.then_some("1")]
                max=[number.then_some(param.max)]
                maxlength=[(!number).then_some(param.max)];
        }
    }
}
