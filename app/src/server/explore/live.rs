//! The place of live rows above the list. The browser's half is `app/live`, which only these pages load.

use maud::{Markup, html};

use super::{
    Explorer,
    rows::{blank, cursor_is_set},
};

/// The parameter of the address that turns live rows on, and its value.
const LIVE: (&str, &str) = ("live", "on");

/// Renders the link that turns live rows on, or the element in whose place they appear. The past has none, and a condition in
/// SQL, which only an engine can compare with rows.
pub fn html(explorer: &Explorer) -> Markup {
    let is_on = explorer.view.param(LIVE.0) == LIVE.1;
    if explorer.at.is_some() || explorer.is_sql {
        return html! {};
    }
    if !is_on || cursor_is_set(explorer) {
        let href = explorer.with(&[LIVE, ("before", ""), ("line", "")]);
        return html! {
            p.live-switch {
                a.button.quiet href=(href) data-noscroll title="Show new rows as they are accepted" { i.dot {} "Live" }
            }
        };
    }
    let off = explorer.with(&[(LIVE.0, "")]);
    if explorer.pages.is_plain() {
        return html! {
            div.note.short {
                p { "Live rows need JavaScript. Without it, search again to see newer " (explorer.noun()) "." }
                a href=(off) { "Turn live off" }
            }
        };
    }
    let source = format!(
        "/tail?signal={}&q={}",
        explorer.signal.name(),
        leptos_router::location::Url::escape(&explorer.text())
    );
    html! {
        lakefront-live data-source=(source) data-zone=(explorer.tz) data-noun=(explorer.noun()) data-off=(off) data-row=(blank(explorer).into_string()) {
            p { "Live is starting." }
        }
    }
}
