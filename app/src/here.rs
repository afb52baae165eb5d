//! The state that all components of a page share.

use lakefront_api::Page;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    boot::{Boot, Zones},
    scene::Scene,
    site::{PLAIN, Site},
    view::View,
};

/// The state that all components of a page share.
#[derive(Clone, Copy)]
pub struct Here {
    /// The page that is shown.
    pub page: Memo<Page>,
    /// The state from the page's URL.
    pub view: Memo<View>,
    /// The IANA zone in which times are shown.
    pub zone: Memo<String>,
    /// The zone name in the address or of the browser, if no zone has this name. Times are then in UTC.
    pub unknown_zone: Memo<Option<String>>,
    /// The pages and where the names in answers link to.
    pub site: Memo<Site>,
    /// The number of times that everything was requested again. Resources follow it.
    pub again: RwSignal<u32>,
}

impl Here {
    /// Provides the state of a page to the components below, and returns it.
    pub fn provide(page: Memo<Page>) -> Self {
        let boot = expect_context::<ReadSignal<Boot>>();
        let zones = expect_context::<Zones>();
        let query = use_query_map();
        let path = use_location().pathname;
        let view = Memo::new(move |_| query.with(View::from_query));
        let here = Self {
            page,
            view,
            zone: Memo::new(move |_| zones.shown(view.read().tz.as_deref())),
            unknown_zone: Memo::new(move |_| zones.unknown(view.read().tz.as_deref())),
            site: Memo::new(move |_| {
                let plain = path.read().starts_with(PLAIN);
                Site::new(boot.with(|boot| boot.catalogue.clone()), plain)
            }),
            again: RwSignal::new(0),
        };
        provide_context(here);
        here
    }

    /// Requests every answer again.
    pub fn ask_again(self) {
        self.again.update(|count| *count += 1);
    }

    /// Calls `show` with the data that the markup of an answer needs. `open` names the unfolded parts, `off` the series
    /// that are switched off.
    pub fn scene<T>(self, open: &[String], off: &[String], show: impl FnOnce(&Scene<'_>) -> T) -> T {
        let (site, view) = (self.site.read_untracked(), self.view.read_untracked());
        show(&Scene {
            site: &site,
            page: self.page.get_untracked(),
            view: &view,
            open,
            off,
        })
    }
}
