use lakefront_api::QueryInfo;
use leptos::prelude::*;

use crate::{
    server::{PanelRequest, panel},
    view::View,
};

/// One named query: its title and what it answers.
#[component]
pub fn Panel(info: QueryInfo, view: Memo<View>) -> impl IntoView {
    let name = info.name.clone();
    let request = move || {
        view.with(|view| PanelRequest {
            query: name.clone(),
            range: view.range.clone(),
            tz: view.tz.clone().unwrap_or_else(|| "UTC".into()),
            params: Default::default(),
        })
    };
    let answer = Resource::new(request, panel);
    view! {
        <section>
            <h2>{info.title}</h2>
            <p>{info.description}</p>
            <Transition fallback=|| "Loading …">
                {move || Suspend::new(async move {
                    match answer.await {
                        Ok(answer) => format!("{} rows", answer.reply.rows.len()),
                        Err(failure) => failure.to_string(),
                    }
                })}
            </Transition>
        </section>
    }
}
