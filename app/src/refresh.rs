//! The auto-refresh of a page.

use leptos::prelude::*;

use crate::{browser, here::Here};

/// Requests every answer again at the interval in the address. The timer does nothing while the tab is hidden; showing
/// the tab requests everything at once.
pub fn keep_fresh(here: Here) {
    let refresh = Memo::new(move |_| here.view.read().refresh);
    Effect::new(move |_| {
        let Some(interval) = refresh.get().interval() else {
            return;
        };
        let ask = move || {
            if !browser::is_hidden() {
                here.ask_again();
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
