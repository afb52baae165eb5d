//! The measurements of a metric that have a trace.

use lakefront_api::{Page, TimeRange};
use lakefront_chart::{Unit, clock};
use maud::{Markup, html};

use super::{
    super::explore::Columns,
    Asker,
    entry::{Metric, Wanted},
    unit::shown,
};

/// Asks for the measurements of a metric that have a trace, and renders them as links. Without an answer there are none: the
/// chart does not depend on them.
pub async fn exemplars(
    asker: &Asker<'_>,
    wanted: &Wanted<'_>,
    metric: &Metric<'_>,
    between: TimeRange,
) -> Option<Markup> {
    let mut own = wanted.filter();
    own.push(("metric", wanted.name.to_owned()));
    let reply = asker.ask("metric_exemplars", between, &own).await.ok()?;
    let zone = asker.zone(&reply).ok()?;
    let columns = Columns(&reply);
    let shown = shown(metric.unit);
    let unit = Unit::parse(shown.unit);
    let rows = reply.rows.iter().filter_map(|row| {
        let value = columns.number(row, "value")? * shown.factor;
        let time = clock(columns.time(row, "time")?, &zone);
        let trace = columns.text(row, "trace_id");
        let view = asker.without_chart();
        let href = asker.pages.href(Page::Trace, &view.with(vec![("trace_id".into(), trace.to_owned())]));
        Some(html! { li { a href=(href) { (unit.full(value)) } " " (time) " " (columns.text(row, "service")) } })
    });
    let rows: Vec<Markup> = rows.collect();
    (!rows.is_empty()).then(|| {
        html! {
            section.exemplars aria-labelledby="exemplars" {
                h3 id="exemplars" { "Traces of the greatest measurements" }
                ol translate="no" { @for row in &rows { (row) } }
            }
        }
    })
}
