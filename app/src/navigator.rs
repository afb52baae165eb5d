//! Navigation to another state of the same page, as forms and drags on charts do.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use web_sys::Element;

use crate::{browser, page_state::PageState};

/// Navigates to another state of the same page, without loading the page again.
#[derive(Clone)]
pub struct Navigator {
    state: PageState,
    navigate: Callback<(String, bool)>,
}

impl Navigator {
    /// Creates a navigator for the current page. The path is read at each navigation.
    pub fn new(state: PageState) -> Self {
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
        Self { state, navigate }
    }

    /// Navigates to the address that a form's fields give.
    pub fn submit(&self, form: &Element) {
        let mut fields = browser::fields(form);
        // Other rows are found: the list begins at its first one again.
        fields.extend(["before", "line"].map(|name| (name.to_owned(), String::new())));
        self.set_fields(fields);
    }

    /// Navigates to the current state with some fields replaced. The fields of a range or of the past pin the page's zone
    /// too, because they have local times.
    pub fn set_fields(&self, mut fields: Vec<(String, String)>) {
        let local = |name: &str| ["range", "from", "at"].contains(&name);
        if fields.iter().any(|(name, _)| local(name)) {
            fields.push(("tz".into(), self.state.zone.get_untracked()));
        }
        self.navigate.run((self.href(fields), false));
    }

    /// Navigates like [`Navigator::set_fields`], but replaces the entry in the browser's history and pins no zone.
    pub fn replace_fields(&self, fields: Vec<(String, String)>) {
        self.navigate.run((self.href(fields), true));
    }

    fn href(&self, fields: Vec<(String, String)>) -> String {
        self.state.view.read_untracked().with(fields).href()
    }
}
