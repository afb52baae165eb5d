use maud::{Markup, html};

use super::hidden;
use crate::{
    failure::Failure,
    server::{Answer, Facets},
    view::View,
};

/// Which service and which environment: applied at once with JavaScript, by a button without.
///
/// Without the list of services the page works; only the choice is missing.
pub fn form(answer: Option<Result<Answer, Failure>>, view: &View) -> Markup {
    let known = match answer {
        Some(Ok(Answer::Facets(facets))) => facets,
        _ => Facets::default(),
    };
    let kept = View {
        service: String::new(),
        environment: String::new(),
        ..view.clone()
    };
    html! {
        search.filters {
            form method="get" data-instant {
                (hidden(&kept))
                (select("service", "Service", "All services", known.services, &view.service))
                (select("environment", "Environment", "All environments", known.environments, &view.environment))
                button { "Apply" }
            }
        }
    }
}

/// All, the known ones, and the chosen one even if it is not known.
fn select(name: &str, label: &str, all: &str, mut known: Vec<String>, chosen: &str) -> Markup {
    if !chosen.is_empty() && !known.iter().any(|value| value == chosen) {
        known.push(chosen.to_owned());
    }
    html! {
        select name=(name) aria-label=(label) {
            option value="" { (all) }
            @for value in known {
                option value=(value) selected[value == chosen] { (value) }
            }
        }
    }
}
