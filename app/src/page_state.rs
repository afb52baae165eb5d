//! The state that all components of a page share.

use lakefront_api::Page;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    bootstrap::Bootstrap,
    page_index::{PLAIN, PageIndex},
    render_context::RenderContext,
    view::View,
    zones::Zones,
};

/// The state that all components of a page share.
#[derive(Clone, Copy)]
pub struct PageState {
    /// The page that is shown.
    pub page: Memo<Page>,
    /// The state from the page's URL.
    pub view: Memo<View>,
    /// The IANA zone in which times are shown.
    pub zone: Memo<String>,
    /// The zone name in the address or of the browser, if no zone has this name. Times are then in UTC.
    pub unknown_zone: Memo<Option<String>>,
    /// The pages, which decide where the names in answers link to.
    pub pages: Memo<PageIndex>,
    /// The number of times that everything was requested again. Resources follow it.
    pub reloads: RwSignal<u32>,
}

impl PageState {
    /// Provides the state of a page to the components below, and returns it.
    pub fn provide(page: Memo<Page>) -> Self {
        let bootstrap = expect_context::<ReadSignal<Bootstrap>>();
        let zones = expect_context::<Zones>();
        let query = use_query_map();
        let path = use_location().pathname;
        let view = Memo::new(move |_| query.with(View::from_query));
        let state = Self {
            page,
            view,
            zone: Memo::new(move |_| zones.shown(view.read().tz.as_deref())),
            unknown_zone: Memo::new(move |_| zones.unknown(view.read().tz.as_deref())),
            pages: Memo::new(move |_| {
                let plain = path.read().starts_with(PLAIN);
                PageIndex::new(bootstrap.with(|bootstrap| bootstrap.catalogue.clone()), plain)
            }),
            reloads: RwSignal::new(0),
        };
        provide_context(state);
        state
    }

    /// Requests every answer again.
    pub fn reload(self) {
        self.reloads.update(|count| *count += 1);
    }

    /// Calls `render` with the page's state. `open` names the unfolded parts of a panel.
    pub fn with_render_context<T>(self, open: &[String], render: impl FnOnce(&RenderContext<'_>) -> T) -> T {
        let (pages, view) = (self.pages.read_untracked(), self.view.read_untracked());
        render(&RenderContext {
            pages: &pages,
            page: self.page.get_untracked(),
            view: &view,
            open,
        })
    }
}
