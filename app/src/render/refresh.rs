//! The form of the auto-refresh.

use maud::{Markup, html};

use super::hidden;
use crate::view::{Refresh, View};

/// Renders the choice of the refresh interval. It needs JavaScript, so the style sheet hides it on plain pages.
pub fn form(view: &View) -> Markup {
    let kept = View {
        refresh: Refresh::Off,
        ..view.clone()
    };
    html! {
        form.refresh method="get" data-instant {
            select name="refresh" aria-label="Auto-refresh" {
                @for refresh in Refresh::ALL {
                    option value=(refresh.name()) selected[refresh == view.refresh] { (refresh.label()) }
                }
            }
            (hidden(&kept))
        }
    }
}
