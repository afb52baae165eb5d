use lakefront_api::ChartKind;
use leptos::prelude::*;

/// Holds the place of what is loading, so that nothing jumps when it comes.
#[component]
pub fn Skeleton(kind: ChartKind) -> impl IntoView {
    let (class, bars) = match kind {
        ChartKind::Bar | ChartKind::Line => ("skeleton upright", 12),
        ChartKind::Ranking | ChartKind::Table => ("skeleton", 8),
    };
    let bars = (0..bars).map(|_| view! { <i></i> }).collect_view();
    view! { <div class=class role="status" aria-label="Loading">{bars}</div> }
}
