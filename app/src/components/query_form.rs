use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::use_navigate,
    params::ParamsMap,
};

use crate::view::View;

/// A GET form that adds its fields to the rest of the URL's state. With JavaScript the page stays where it is.
#[component]
pub fn QueryForm(
    /// The state that the form leaves as it is; its own fields are not part of it.
    kept: Memo<View>,
    /// The path of the page.
    path: Memo<String>,
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        let Some(fields) = fields(&event) else { return };
        event.prevent_default();
        let view = View::from_query(&fields);
        let options = NavigateOptions { scroll: false, ..Default::default() };
        navigate(&format!("{}{}", path.get_untracked(), view.href()), options);
    };
    let hidden = move || {
        let pairs = kept.with(View::pairs);
        pairs.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()
    };
    view! {
        <form method="get" on:submit=submit>
            {hidden}
            {children()}
        </form>
    }
}

/// What the form would send.
fn fields(event: &SubmitEvent) -> Option<ParamsMap> {
    let form: web_sys::HtmlFormElement = event_target(event);
    let data = web_sys::FormData::new_with_form(&form).ok()?;
    let pairs = js_sys::Array::from(&js_sys::try_iter(&data).ok()??.filter_map(Result::ok).collect::<js_sys::Array>());
    let text = |pair: &js_sys::Array, index| pair.get(index).as_string();
    let pairs = pairs.iter().filter_map(|pair| {
        let pair = js_sys::Array::from(&pair);
        Some((text(&pair, 0)?, text(&pair, 1)?))
    });
    Some(pairs.collect())
}
