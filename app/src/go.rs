//! Navigation to another state of the same page.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use web_sys::Element;

use crate::{browser, here::Here};

/// Navigates to another state of the same page, without loading the page again.
#[derive(Clone)]
pub struct Go {
    here: Here,
    navigate: Callback<(String, bool)>,
}

impl Go {
    /// Creates a navigator for the current page. The path is read at each navigation.
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

    /// Navigates to the address that a form's fields give.
    pub fn form(&self, form: &Element) {
        self.to(browser::fields(form));
    }

    /// Navigates to the current state with some fields replaced. A `from` field pins the page's zone too, because the
    /// two times of a custom range are local times.
    pub fn to(&self, mut fields: Vec<(String, String)>) {
        if fields.iter().any(|(name, _)| name == "from") {
            fields.push(("tz".into(), self.here.zone.get_untracked()));
        }
        self.navigate.run((self.href(fields), false));
    }

    /// Navigates like [`Go::to`], but replaces the entry in the browser's history and pins no zone.
    pub fn replace(&self, fields: Vec<(String, String)>) {
        self.navigate.run((self.href(fields), true));
    }

    fn href(&self, fields: Vec<(String, String)>) -> String {
        self.here.view.read_untracked().with(fields).href()
    }
}
