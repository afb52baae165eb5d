//! The filters of a page.

use lakefront_api::Page;
use lakefront_chart::words;
use maud::{Markup, html};

use super::{
    hidden,
    table::{LONGEST, cut},
};
use crate::{
    page_index::{ActiveFilter, Filter, PageIndex},
    server::Facet,
    view::View,
};

/// Renders the filters of a page. With JavaScript they apply at once, without it by a button.
pub fn form(facets: &[Facet], pages: &PageIndex, page: Page, view: &View) -> Markup {
    let filters = pages.filters(page);
    let mut kept = view.clone();
    kept.params.retain(|(name, _)| {
        filters
            .iter()
            .all(|filter| filter.name != *name || !has_field(filter))
    });
    html! {
        @if !filters.is_empty() {
            search.filters {
                form method="get" data-instant {
                    @for filter in filters.iter().filter(|filter| has_field(filter)) {
                        @let value = view.param(&filter.name);
                        @match empty_choice(&filter.name) {
                            Some(all) => (select(filter, all, facets, value)),
                            None => (input(filter, value)),
                        }
                    }
                    button { "Apply" }
                    (hidden(&kept))
                }
            }
        }
    }
}

/// Returns true if a filter has a field. A page that searches takes the others in its text.
fn has_field(filter: &Filter) -> bool {
    empty_choice(&filter.name).is_some() || filter.required || filter.suggest.is_some()
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

/// Renders the filters of an address, each with a link that removes it.
pub fn chips(filters: &[ActiveFilter], view: &View) -> Markup {
    let without = |names: &[&str]| view.without(names).without(&["before", "line"]).href();
    html! {
        @if !filters.is_empty() {
            ul.chips aria-label="Active filters" {
                @for ActiveFilter { name, value, applies } in filters {
                    li.idle[!applies] {
                        (words(name)) " " b translate="no" title=(cut(value, LONGEST)) { (cut(value, 40)) }
                        @if !applies { " is no filter of this page" }
                        a href=(without(&[name])) data-noscroll aria-label={ "Remove " (words(name)) } { "×" }
                    }
                }
                @if filters.len() > 1 {
                    @let names: Vec<_> = filters.iter().map(|filter| filter.name.as_str()).collect();
                    li.all { a href=(without(&names)) data-noscroll { "Remove all" } }
                }
            }
        }
    }
}

/// Renders which filters of the page do not apply to a panel.
pub fn not_applied(names: &[String]) -> Markup {
    let names: Vec<_> = names.iter().map(|name| words(name)).collect();
    html! { @if !names.is_empty() { "Not filtered by " (names.join(" and ")) "." } }
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
