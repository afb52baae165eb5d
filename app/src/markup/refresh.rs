use maud::{Markup, html};

use super::hidden;
use crate::view::{Refresh, View};

/// How often the page asks again, which takes JavaScript: without it the style sheet leaves this out.
pub fn form(view: &View) -> Markup {
    let kept = View {
        refresh: Refresh::Off,
        ..view.clone()
    };
    html! {
        form.refresh method="get" data-instant {
            (hidden(&kept))
            select name="refresh" aria-label="Auto-refresh" {
                @for refresh in Refresh::ALL {
                    option value=(refresh.name()) selected[refresh == view.refresh] { (refresh.label()) }
                }
            }
        }
    }
}
