//! The filters of a page.

use lakefront_api::Page;
use lakefront_chart::words;
use maud::{Markup, html};

use super::hidden;
use crate::{
    page_index::{Filter, PageIndex},
    server::Facet,
    view::View,
};

/// Renders the filters of a page. With JavaScript they apply at once, without it by a button.
pub fn form(facets: &[Facet], pages: &PageIndex, page: Page, view: &View) -> Markup {
    let filters = pages.filters(page);
    let mut kept = view.clone();
    kept.params
        .retain(|(name, _)| filters.iter().all(|filter| filter.name != *name));
    html! {
        @if !filters.is_empty() {
            search.filters {
                form method="get" data-instant {
                    (hidden(&kept))
                    @for filter in &filters {
                        @let value = view.param(&filter.name);
                        @match empty_choice(&filter.name) {
                            Some(all) => (select(filter, all, facets, value)),
                            None => (input(filter, value)),
                        }
                    }
                    button { "Apply" }
                }
            }
        }
    }
}

/// Returns the label of a filter's empty choice. `None` for filters whose values are not all listed: those are inputs.
fn empty_choice(name: &str) -> Option<&'static str> {
    match name {
        "service" => Some("All services"),
        "environment" => Some("All environments"),
        _ => None,
    }
}

/// Renders a choice: all, the listed values, and the chosen value even if it is not listed.
fn select(filter: &Filter, all: &str, facets: &[Facet], chosen: &str) -> Markup {
    let facet = facets.iter().find(|facet| facet.name == filter.name);
    let values = facet.map_or(&[][..], |facet| &facet.values);
    let missing = !chosen.is_empty() && !values.iter().any(|value| value == chosen);
    html! {
        select translate="no" name=(filter.name) aria-label=(words(&filter.name)) {
            option value="" { (all) }
            @for value in values { option value=(value) selected[value == chosen] { (value) } }
            @if missing { option value=(chosen) selected { (chosen) } }
        }
    }
}

fn input(filter: &Filter, value: &str) -> Markup {
    let name = words(&filter.name);
    html! {
        input
            type="search"
            name=(filter.name)
            value=(value)
            list=[filter.suggest.as_ref().map(|_| list_id(&filter.name))]
            placeholder={ (if filter.required { "" } else { "Any " }) (name) }
            aria-label=(name)
            autocomplete="off"
            required[filter.required]
            maxlength=(filter.max);
    }
}

/// Renders the suggestions for the inputs of [`form`].
pub fn suggestions(facets: &[Facet]) -> Markup {
    html! {
        @for facet in facets {
            datalist id=(list_id(&facet.name)) { @for value in &facet.values { option value=(value) {} } }
        }
    }
}

fn list_id(name: &str) -> String {
    format!("values-of-{name}")
}
