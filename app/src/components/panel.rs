use std::collections::BTreeMap;

use lakefront_api::QueryInfo;
use leptos::{either::EitherOf4, prelude::*};

use crate::{
    boot::ViewerZone,
    components::{
        backend_badge::BackendBadge, failure_note::FailureNote, figure::Figure, params_form::ParamsForm,
        skeleton::Skeleton,
    },
    server::{PanelRequest, panel},
    view::View,
};

/// One named query: its title, its answer, and how that came to be.
#[component]
pub fn Panel(
    info: QueryInfo,
    view: Memo<View>,
    path: Memo<String>,
    /// Asks again whenever it changes.
    refresh: ReadSignal<u32>,
) -> impl IntoView {
    let viewer = expect_context::<ViewerZone>().0;
    let info = StoredValue::new(info);
    let request = Memo::new(move |_| {
        view.with(|view| info.with_value(|info| request(info, view, &viewer.read())))
    });
    let answer = Resource::new(
        move || (request.get(), refresh.get()),
        |(request, _)| async move {
            match request {
                Some(request) => Some(panel(request).await),
                None => None,
            }
        },
    );
    let pending = RwSignal::new(false);
    let href = Signal::derive(move || view.with(View::href));
    let kind = info.with_value(|info| info.chart.kind);
    let body = move || {
        Suspend::new(async move {
            match answer.await {
                None => EitherOf4::A(view! { <p class="note">"Fill in the form to see this panel."</p> }),
                Some(Err(failure)) => {
                    EitherOf4::B(view! { <FailureNote failure href retry=move || answer.refetch() /> })
                }
                Some(Ok(answer)) if answer.reply.rows.is_empty() => EitherOf4::C(view! {
                    <p class="note">"Nothing in this range. A longer one, or fewer filters, may show more."</p>
                    <BackendBadge reply=&answer.reply zone=&answer.zone />
                }),
                Some(Ok(answer)) => EitherOf4::D(info.with_value(|info| view! {
                    <Figure info reply=&answer.reply zone=&answer.zone />
                    <BackendBadge reply=&answer.reply zone=&answer.zone />
                })),
            }
        })
    };
    info.with_value(|info| {
        let heading = format!("{}-title", info.name);
        let labelled_by = heading.clone();
        view! {
            <section
                class="panel"
                id=info.name.clone()
                data-panel=info.name.clone()
                data-kind=format!("{:?}", info.chart.kind).to_lowercase()
                aria-labelledby=labelled_by
                aria-busy=move || pending.get().then_some("true")
            >
                <header>
                    <h2 id=heading>{info.title.clone()}</h2>
                    <p>{info.description.clone()}</p>
                </header>
                <ParamsForm info view path />
                <div class="answer">
                    <Transition set_pending=pending.write_only() fallback=move || view! { <Skeleton kind /> }>
                        {body}
                    </Transition>
                </div>
            </section>
        }
    })
}

/// What the panel asks; nothing while a required parameter is missing.
fn request(info: &QueryInfo, view: &View, viewer: &str) -> Option<PanelRequest> {
    let mut params = BTreeMap::new();
    for param in &info.params {
        let value = match param.name.as_str() {
            "service" => view.service.as_str(),
            "environment" => view.environment.as_str(),
            name => view.param(&info.name, name).unwrap_or_default(),
        };
        if !value.is_empty() {
            params.insert(param.name.clone(), value.to_owned());
        } else if param.default.is_none() {
            return None;
        }
    }
    Some(PanelRequest {
        query: info.name.clone(),
        range: view.range.clone(),
        tz: view.tz.clone().unwrap_or_else(|| viewer.to_owned()),
        params,
    })
}
