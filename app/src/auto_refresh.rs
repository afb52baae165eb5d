//! The auto-refresh of a page.

use leptos::prelude::*;

use crate::{browser, page_state::PageState};

/// Requests every answer again at the interval in the address. The timer does nothing while the tab is hidden; showing
/// the tab requests everything at once.
pub fn auto_refresh(state: PageState) {
    let refresh = Memo::new(move |_| state.view.read().refresh);
    Effect::new(move |_| {
        let Some(interval) = refresh.get().interval() else {
            return;
        };
        let ask = move || {
            if !browser::is_hidden() {
                state.reload();
            }
        };
        let shown = window_event_listener_untyped("visibilitychange", move |_| ask());
        let ticking = set_interval_with_handle(ask, interval);
        on_cleanup(move || {
            shown.remove();
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    });
}
