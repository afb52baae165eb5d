use lakefront_api::Page;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    boot::{Boot, Zones},
    scene::Scene,
    site::{PLAIN, Site},
    view::View,
};

/// What all parts of a page share.
#[derive(Clone, Copy)]
pub struct Here {
    /// The page.
    pub page: Memo<Page>,
    /// The state in its URL.
    pub view: Memo<View>,
    /// The zone in which times are shown.
    pub zone: Memo<String>,
    /// The name that the address or the browser has for the zone, if there is no such zone: then times are in UTC.
    pub unknown_zone: Memo<Option<String>>,
    /// The pages there are.
    pub site: Memo<Site>,
    /// Counts how often everything was asked again.
    pub again: RwSignal<u32>,
}

impl Here {
    /// Of the page that the address names, for the components below.
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

    /// Asks everything again.
    pub fn ask_again(self) {
        self.again.update(|count| *count += 1);
    }

    /// Gives the markup of an answer what it has to know.
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
