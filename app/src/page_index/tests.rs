use lakefront_api::Signal;
use serde_json::json;

use super::*;
use crate::view::View;

fn index(plain: bool) -> PageIndex {
    let query = |name: &str, params: serde_json::Value, panels: serde_json::Value| {
        serde_json::from_value(json!({
            "name": name, "title": "", "description": "", "bucket": "hour", "params": params, "order": "",
            "columns": [], "chart": { "kind": "table" }, "panels": panels
        }))
        .unwrap()
    };
    let service = json!({ "name": "service", "kind": "text", "default": "", "max": 256, "description": "" });
    let user = json!({ "name": "user_id", "kind": "text", "default": null, "max": 64, "description": "" });
    let page = json!({ "name": "page", "kind": "text", "default": "", "max": 64, "suggest": "pages", "description": "" });
    let group = json!({ "name": "error_group", "kind": "text", "default": "", "max": 64, "suggest": "g", "description": "" });
    let required =
        json!({ "name": "error_group", "kind": "text", "default": null, "max": 64, "description": "" });
    let limit = json!({ "name": "limit", "kind": "integer", "default": 5, "max": 64, "description": "" });
    PageIndex::new(
        vec![
            query(
                "of_metric",
                json!([{ "name": "metric", "kind": "text", "default": null, "max": 64, "description": "" }]),
                json!([]),
            ),
            query(
                "late",
                json!([service]),
                json!([{ "page": "web", "position": 2 }]),
            ),
            query(
                "pages",
                json!([page, service]),
                json!([{ "page": "web", "position": 1, "wide": true }]),
            ),
            query(
                "one",
                json!([service, user]),
                json!([{ "page": "user", "position": 1 }]),
            ),
            query(
                "some",
                json!([service, group]),
                json!([{ "page": "errors", "position": 1 }, { "page": "error", "position": 2 }]),
            ),
            query(
                "of",
                json!([required, limit]),
                json!([{ "page": "error", "position": 1 }]),
            ),
            query(
                "router",
                json!([service]),
                json!([{ "page": "operations", "position": 1 }]),
            ),
            query("hidden", json!([]), json!([])),
        ]
        .into(),
        plain,
    )
}

#[test]
fn a_page_shows_its_queries_in_order() {
    let panels = index(false).panels(Page::Web);
    let names: Vec<_> = panels
        .iter()
        .map(|(query, place)| (query.name.as_str(), place.wide))
        .collect();
    assert_eq!(names, [("pages", true), ("late", false)]);
    assert!(index(false).panels(Page::Api).is_empty());
}

#[test]
fn the_filters_of_a_page_are_those_of_its_queries() {
    let names = |page| -> Vec<_> {
        let filters = index(false).filters(page);
        filters
            .into_iter()
            .map(|filter| (filter.name, filter.required))
            .collect()
    };
    assert_eq!(
        names(Page::Web),
        [("service".into(), false), ("page".into(), false)]
    );
    assert_eq!(
        names(Page::User),
        [("user_id".into(), true), ("service".into(), false)]
    );
}

#[test]
fn values_lead_to_the_page_about_them_or_filter_this_one() {
    let view = View::default().with(vec![
        ("range".into(), "24h".into()),
        ("page".into(), "/cart".into()),
    ]);
    let link = |on, column, value| index(false).link_target(on, &view, column)?.href(value);
    assert_eq!(
        link(Page::Web, "user_id", "u 1").unwrap(),
        "/user?range=24h&page=%2Fcart&user_id=u%201"
    );
    assert_eq!(
        link(Page::Web, "service", "web").unwrap(),
        "?range=24h&page=%2Fcart&service=web"
    );
    assert_eq!(link(Page::Web, "page", "/cart"), None);
    assert_eq!(link(Page::Web, "message", "boom"), None);
    assert_eq!(link(Page::Web, "user_id", ""), None);
}

#[test]
fn what_has_a_page_of_its_own_is_no_filter_of_others() {
    let pages = index(false);
    let view = View::default().with(vec![
        ("error_group".into(), "v1:a".into()),
        ("of.limit".into(), "9".into()),
        ("service".into(), "web".into()),
    ]);
    let seen = |page: Page, name: &str| {
        let panels = pages.panels(page);
        let (query, _) = panels.iter().find(|(query, _)| query.name == name).unwrap();
        pages.view_of_query(query, page, &view).href()
    };
    assert_eq!(seen(Page::Errors, "some"), "?service=web");
    assert_eq!(seen(Page::Error, "some"), "?error_group=v1:a&service=web");
    assert_eq!(seen(Page::Error, "of"), "?error_group=v1:a&of.limit=9");
    assert_eq!(seen(Page::Operations, "router"), "?");
    assert_eq!(pages.href(Page::Errors, &view), "/errors?service=web");
    assert_eq!(pages.href(Page::Operations, &view), "/operations?service=web");
}

#[test]
fn a_filter_is_kept_where_it_does_not_apply_and_shown_as_such() {
    let pages = index(false);
    let view = View::default().with(vec![
        ("page".into(), "/cart".into()),
        ("service".into(), "web".into()),
        ("error_group".into(), "v1:a".into()),
        ("of.limit".into(), "9".into()),
        ("utm_source".into(), "mail".into()),
        // No panel takes it: the page of metrics asks by itself.
        ("metric".into(), "memory".into()),
    ]);
    let active = |page| -> Vec<_> {
        let active = pages.active(page, &view).into_iter();
        active.map(|filter| (filter.name, filter.applies)).collect()
    };
    let of = |page: bool, service: bool| vec![("page".to_owned(), page), ("service".to_owned(), service)];
    assert_eq!(active(Page::Web), of(true, true));
    assert_eq!(active(Page::Errors), of(false, true));
    assert_eq!(active(Page::Operations), of(false, false));
    assert_eq!(active(Page::Logs), of(true, true));
    assert_eq!(
        pages.href(Page::Errors, &view),
        "/errors?page=%2Fcart&service=web"
    );
    let panels = pages.panels(Page::Web);
    let names = |at: usize| pages.not_applied(&panels[at].0, Page::Web, &view);
    assert_eq!((names(0), names(1)), (vec![], vec!["page".to_owned()]));
}

#[test]
fn plain_pages_lead_to_plain_pages() {
    let view = View::default();
    assert_eq!(index(true).href(Page::Overview, &view), "/plain");
    assert_eq!(index(true).href(Page::Web, &view), "/plain/web");
    assert_eq!(index(false).href(Page::Overview, &view), "/");
}

#[test]
fn the_records_that_a_query_counts_are_found_with_its_filters() {
    let pages = index(false);
    let (mut query, _) = pages.panels(Page::Errors).remove(0);
    query.rows = vec!["logs?q=error:*".into(), "traces?q=".into()];
    let view = View {
        params: vec![
            ("service".into(), "web".into()),
            ("page".into(), "/cart".into()),
            ("error_group".into(), "say \"no\"".into()),
        ],
        ..View::default()
    };
    let rows = [Signal::Logs, Signal::Traces].map(|signal| pages.rows(&query, signal, &view).unwrap());
    let text = |at: usize| {
        let (path, search) = rows[at].split_once('?').unwrap();
        let url = leptos_router::location::RequestUrl::new(&format!("/?{search}"))
            .parse()
            .unwrap();
        let view = View::from_query(url.search_params());
        assert_eq!(view.param("service"), "web");
        assert_eq!(view.param("error_group"), "", "it is in the text");
        assert_eq!(view.param("page"), "", "the query does not take it");
        (path.to_owned(), view.param("q").to_owned())
    };
    assert_eq!(
        text(0),
        ("/logs".into(), r#"error:* error.group:"say \"no\"""#.into())
    );
    assert_eq!(text(1), ("/traces".into(), r#"error.group:"say \"no\"""#.into()));
}
