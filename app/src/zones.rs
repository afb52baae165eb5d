//! The time zones in which a page can be shown: the zone of its address, the viewer's, or UTC.

use leptos::prelude::*;

use crate::{
    bootstrap::{Bootstrap, UTC},
    browser,
    server::{ZoneRequest, call},
};

/// The time zones in which a page can be shown.
#[derive(Debug, Clone, Copy)]
pub struct Zones {
    /// The viewer's own zone, for pages whose address pins none.
    viewer: RwSignal<String>,
    /// The name that the viewer's browser has for its zone, if no zone has this name.
    unknown: RwSignal<Option<String>>,
    /// The zone name in the address from which the page was loaded, if no zone has this name.
    unknown_pinned: StoredValue<Option<String>>,
}

impl Zones {
    /// Creates the zones that the server found in the cookie and in the address.
    pub fn new(bootstrap: &Bootstrap) -> Self {
        Self {
            viewer: RwSignal::new(bootstrap.tz.clone()),
            unknown: RwSignal::new(bootstrap.unknown_tz.clone()),
            unknown_pinned: StoredValue::new(bootstrap.unknown_pinned_tz.clone()),
        }
    }

    /// Returns the zone in which a page is shown. `pinned` is the zone that its address names, if any.
    pub fn shown(self, pinned: Option<&str>) -> String {
        match pinned {
            None => self.viewer.get(),
            Some(_) if self.unknown(pinned).is_some() => UTC.to_owned(),
            Some(name) => name.to_owned(),
        }
    }

    /// Returns the unknown zone name of which UTC takes the place, or `None` if the zone exists.
    pub fn unknown(self, pinned: Option<&str>) -> Option<String> {
        match pinned {
            None => self.unknown.get(),
            Some(_) => self
                .unknown_pinned
                .get_value()
                .filter(|name| Some(&**name) == pinned),
        }
    }

    /// Changes the viewer's zone to the browser's. The server checks the name, because the browser cannot check whether
    /// the server has this zone.
    pub fn follow_browser(self) {
        let Some(name) = browser::time_zone() else { return };
        if name == self.viewer.get_untracked() && self.unknown.with_untracked(Option::is_none) {
            return;
        }
        leptos::task::spawn_local(async move {
            // Without an answer the page stays as it is, and the next page sends the request again.
            let Ok(exists) = call(ZoneRequest(name.clone())).await else {
                return;
            };
            let (zone, unknown) = if exists {
                (name, None)
            } else {
                (UTC.to_owned(), Some(name))
            };
            browser::set_cookie("tz", &zone);
            self.unknown.set(unknown);
            if zone != self.viewer.get_untracked() {
                self.viewer.set(zone);
            }
        });
    }
}
