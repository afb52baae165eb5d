use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use web_sys::Element;

use crate::{browser, here::Here};

/// Goes to another state of the same page, without loading it again.
#[derive(Clone)]
pub struct Go {
    here: Here,
    navigate: Callback<(String, bool)>,
}

impl Go {
    /// From a page.
    pub fn new(here: Here) -> Self {
        let path = use_location().pathname;
        let navigate = use_navigate();
        let navigate = Callback::new(move |(query, replace): (String, bool)| {
            let options = NavigateOptions {
                scroll: false,
                replace,
                ..Default::default()
            };
            navigate(&(path.get_untracked() + &query), options);
        });
        Self { here, navigate }
    }

    /// Where a form leads.
    pub fn form(&self, form: &Element) {
        self.to(browser::fields(form));
    }

    /// With some fields changed. Times of one's own are meant in the zone that the page names.
    pub fn to(&self, mut fields: Vec<(String, String)>) {
        if fields.iter().any(|(name, _)| name == "from") {
            fields.push(("tz".into(), self.here.zone.get_untracked()));
        }
        self.navigate.run((self.href(fields), false));
    }

    /// The same, without a step back to how it was.
    pub fn replace(&self, fields: Vec<(String, String)>) {
        self.navigate.run((self.href(fields), true));
    }

    fn href(&self, fields: Vec<(String, String)>) -> String {
        self.here.view.read_untracked().with(fields).href()
    }
}
