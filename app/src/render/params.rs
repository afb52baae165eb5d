//! The form of a panel's own parameters.

use lakefront_api::{ParamInfo, ParamKind, QueryInfo};
use lakefront_chart::words;
use maud::{Markup, html};

use super::hidden;
use crate::view::{View, key};

/// Renders a panel's own parameters. With JavaScript they apply at once, without it by a button.
pub fn form(info: &QueryInfo, view: &View) -> Markup {
    // A parameter with a single value leaves nothing to choose.
    let own = info
        .params
        .iter()
        .filter(|param| !param.is_filter() && (param.kind == ParamKind::Steps || param.values.len() != 1));
    let own: Vec<_> = own.map(|param| (key(info, param), param)).collect();
    let mut kept = view.clone();
    kept.params
        .retain(|(name, _)| own.iter().all(|(key, _)| key != name));
    html! {
        @if !own.is_empty() {
            form.params method="get" data-instant {
                @for (key, param) in &own { (field(key, param, view.param(key))) }
                button { "Apply" }
                (hidden(&kept))
            }
        }
    }
}

fn field(key: &str, param: &ParamInfo, value: &str) -> Markup {
    let default = param.default.as_ref();
    let default = default.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let default = default.unwrap_or_default();
    let chosen = if value.is_empty() { &default } else { value };
    html! {
        label title=(param.description) {
            (words(&param.name)) " "
            @if param.values.is_empty() || param.kind == ParamKind::Steps {
                @let number = param.kind == ParamKind::Integer;
                @let list = (!param.values.is_empty()).then(|| format!("{key}-values"));
                input
                    type=(if number { "number" } else { "text" })
                    name=(key)
                    value=(value)
                    placeholder=(if default.is_empty() { "any" } else { &default })
                    min=[number.then_some("1")]
                    max=[number.then_some(param.max)]
                    maxlength=[(!number).then_some(param.max)]
                    list=[list.as_ref()];
                @if let Some(list) = &list {
                    datalist id=(list) { @for value in &param.values { option value=(value) {} } }
                }
            } @else {
                select name=(key) data-default=(default) {
                    @for value in &param.values {
                        option value=(value) selected[value == chosen] { (if value.is_empty() { "all" } else { value }) }
                    }
                }
            }
        }
    }
}
