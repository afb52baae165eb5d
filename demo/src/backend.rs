//! The backend services of the shop: the API with its database, and payments.

use crate::fault::Fault;
use crate::page::Page;
use crate::product::Product;
use crate::rng::Rng;
use crate::visitor::Visitor;
use crate::{
    Attribute, Event, Facts, Kind, Log, Record, Request, Service, Severity, Span, SpanContext, SpanEvent,
};

/// A route of the shop's API, with the database query behind it.
#[derive(Clone, Copy)]
struct Route {
    method: &'static str,
    template: &'static str,
    /// The median duration, in microseconds.
    median: f64,
    query: &'static str,
}

const fn route(method: &'static str, template: &'static str, median: f64, query: &'static str) -> Route {
    Route {
        method,
        template,
        median,
        query,
    }
}

const HOME: Route = route("GET", "/api/home", 18_000.0, "SELECT teasers");
const LIST: Route = route("GET", "/api/categories/{slug}", 32_000.0, "SELECT products");
const PRODUCT: Route = route("GET", "/api/products/{id}", 24_000.0, "SELECT products");
/// The slow route: its query scans all product descriptions.
const SEARCH: Route = route(
    "GET",
    "/api/search",
    780_000.0,
    "SELECT products WHERE description LIKE",
);
const CART: Route = route("POST", "/api/cart", 41_000.0, "INSERT cart_items");
const CHECKOUT: Route = route("GET", "/api/checkout", 55_000.0, "SELECT carts");
const ORDER: Route = route("POST", "/api/orders", 160_000.0, "INSERT orders");
const ACCOUNT: Route = route("GET", "/api/account", 27_000.0, "SELECT customers");

/// Adds the events of the API request that loads a page's data. Returns the context of the server's span.
pub(crate) fn serve(
    rng: &mut Rng,
    visitor: &Visitor,
    page: Page,
    time: i64,
    into: &mut Vec<Event>,
) -> SpanContext {
    let (route, product) = match page {
        Page::Home | Page::Blog => (HOME, None),
        Page::Category(_) => (LIST, None),
        Page::Product(product) => (PRODUCT, Some(product)),
        Page::Search => (SEARCH, None),
        Page::Cart => (CART, None),
        Page::Checkout => (CHECKOUT, None),
        Page::Order => (ORDER, None),
        Page::Account => (ACCOUNT, None),
    };
    let fault = match page {
        Page::Product(_) if rng.chance(0.012) && visitor.shop.miscounts(time) => Some(Fault::StockBelowZero),
        Page::Search if rng.chance(0.05) => Some(Fault::PoolTimedOut),
        _ => None,
    };
    answer(rng, visitor, route, product, fault, time, into)
}

fn answer(
    rng: &mut Rng,
    visitor: &Visitor,
    route: Route,
    product: Option<&'static Product>,
    fault: Option<Fault>,
    time: i64,
    into: &mut Vec<Event>,
) -> SpanContext {
    let source = visitor.source(Service::ShopApi, time);
    let trace_id = rng.trace_id();
    let client = SpanContext {
        trace_id,
        span_id: rng.span_id(),
    };
    let server = SpanContext {
        trace_id,
        span_id: rng.span_id(),
    };
    let begin = time + rng.between(2_000, 9_000);
    let duration = rng.skewed(route.median, 0.55) as i64 + 900;
    let status: u16 = match fault {
        Some(Fault::PoolTimedOut) => 503,
        Some(_) => 500,
        None if rng.chance(0.012) => 404,
        None => 200,
    };
    let path = match route.template {
        "/api/products/{id}" => format!("/api/products/{}", product.map_or(0, |it| it.id)),
        "/api/categories/{slug}" => format!("/api/categories/{}", rng.pick(&crate::page::CATEGORIES)),
        fixed => fixed.to_owned(),
    };

    into.push(visitor.event(
        Service::Storefront,
        time,
        Record::Span(Span {
            context: client,
            parent: None,
            parent_is_remote: false,
            kind: Kind::Client,
            name: route.method.into(),
            duration: duration + 2 * (begin - time),
            attributes: visitor.identity(vec![
                ("http.request.method", route.method.into()),
                ("url.full", format!("https://shop.example{path}").into()),
                ("http.response.status_code", i64::from(status).into()),
            ]),
            events: Vec::new(),
            links: Vec::new(),
            error: None,
        }),
        Facts::default(),
    ));

    let error = fault.map(|fault| fault.happen(rng, product));
    let mut attributes = vec![
        ("http.request.method", route.method.into()),
        ("http.route", route.template.into()),
        ("http.response.status_code", i64::from(status).into()),
        ("url.path", path.clone().into()),
        ("url.scheme", "https".into()),
        ("server.address", "api.shop.example".into()),
    ];
    if let Some(product) = product {
        attributes.push(("shop.product.name", product.name.into()));
    }
    into.push(
        visitor.event(
            Service::ShopApi,
            begin,
            Record::Span(Span {
                context: server,
                parent: Some(client.span_id),
                parent_is_remote: true,
                kind: Kind::Server,
                name: format!("{} {}", route.method, route.template).into(),
                duration,
                attributes: visitor.identity(attributes),
                events: error
                    .iter()
                    .map(|error| SpanEvent {
                        name: "exception",
                        time: begin + duration - 400,
                        attributes: error.attributes(),
                    })
                    .collect(),
                links: Vec::new(),
                error: error.as_ref().map(|error| error.message.clone()),
            }),
            Facts {
                page: path_route(&path).into(),
                request: Some(Request {
                    method: route.method,
                    route: route.template,
                    status,
                    duration,
                    failed: status >= 500,
                }),
                error,
                ..Facts::default()
            },
        ),
    );

    into.push(Event {
        source,
        time: begin + duration / 8,
        record: Record::Span(Span {
            context: SpanContext {
                trace_id,
                span_id: rng.span_id(),
            },
            parent: Some(server.span_id),
            parent_is_remote: false,
            kind: Kind::Client,
            name: route.query.into(),
            duration: duration * 3 / 4,
            attributes: vec![
                ("db.system.name", "postgresql".into()),
                ("db.namespace", "shop".into()),
                ("db.query.summary", route.query.into()),
            ],
            events: Vec::new(),
            links: Vec::new(),
            error: None,
        }),
        facts: Facts::default(),
    });

    // The access log of a failed request has the span's id. The request is counted once, from the span.
    if status >= 500 {
        into.push(visitor.event(
            Service::ShopApi,
            begin + duration,
            Record::Log(Log {
                event_name: Some("http.server.request"),
                severity: Severity::Warn,
                body: Some(format!("{} {path} {status}", route.method)),
                attributes: vec![
                    ("http.request.method", route.method.into()),
                    ("http.route", route.template.into()),
                    ("http.response.status_code", i64::from(status).into()),
                    ("http.server.request.duration", (duration as f64 / 1e6).into()),
                ],
                span: Some(server),
            }),
            Facts::default(),
        ));
    }
    server
}

/// Adds the events of a payment: an access log of the charge, an error in some cases, and the settlement from the queue
/// afterwards. Returns true if the bank accepted the charge.
pub(crate) fn charge(
    rng: &mut Rng,
    visitor: &Visitor,
    cause: SpanContext,
    time: i64,
    into: &mut Vec<Event>,
) -> bool {
    let declined = rng.chance(0.07);
    let duration = rng.skewed(420_000.0, 0.5) as i64;
    let status: u16 = if declined { 402 } else { 201 };
    into.push(visitor.event(
        Service::Payments,
        time,
        Record::Log(Log {
            event_name: Some("http.server.request"),
            severity: Severity::Info,
            body: Some(format!("POST /charges {status}")),
            attributes: visitor.identity(vec![
                ("http.request.method", "POST".into()),
                ("http.route", "/charges".into()),
                ("http.response.status_code", i64::from(status).into()),
                ("http.server.request.duration", (duration as f64 / 1e6).into()),
            ]),
            span: None,
        }),
        Facts {
            request: Some(Request {
                method: "POST",
                route: "/charges",
                status,
                duration,
                failed: false,
            }),
            ..Facts::default()
        },
    ));
    if declined {
        let error = Fault::CardDeclined.happen(rng, None);
        into.push(visitor.event(
            Service::Payments,
            time + duration,
            Record::Log(Log {
                event_name: Some("exception"),
                severity: Severity::Warn,
                body: None,
                attributes: visitor.identity(error.attributes()),
                span: None,
            }),
            Facts {
                error: Some(error),
                ..Facts::default()
            },
        ));
        return false;
    }

    let settle = time + duration + rng.between(5, 90) * crate::SECOND;
    into.push(Event {
        source: visitor.source(Service::Payments, settle),
        time: settle,
        record: Record::Span(Span {
            context: SpanContext {
                trace_id: rng.trace_id(),
                span_id: rng.span_id(),
            },
            parent: None,
            parent_is_remote: false,
            kind: Kind::Consumer,
            name: "process settlements".into(),
            duration: rng.skewed(90_000.0, 0.7) as i64 + 1,
            attributes: vec![
                ("messaging.system", "nats".into()),
                ("messaging.operation.name", "process".into()),
                ("messaging.destination.name", "settlements".into()),
            ],
            events: Vec::new(),
            links: vec![cause],
            error: None,
        }),
        facts: Facts::default(),
    });
    if rng.chance(0.05) {
        let error = Fault::SettlementLate.happen(rng, None);
        into.push(Event {
            source: visitor.source(Service::Payments, settle),
            time: settle + crate::SECOND,
            record: Record::Log(Log {
                event_name: None,
                severity: Severity::Error,
                body: Some(error.message.clone()),
                attributes: vec![("shop.settlement.bank", "Sparkasse Köln".into())],
                span: None,
            }),
            facts: Facts {
                error: Some(error),
                ..Facts::default()
            },
        });
    }
    true
}

fn path_route(path: &str) -> String {
    if path.starts_with("/api/products/") {
        "/api/products/:id".into()
    } else {
        path.into()
    }
}

/// Returns a plain log line of a service, which no named query counts.
pub(crate) fn heartbeat(rng: &mut Rng, source: crate::Source, time: i64) -> Event {
    let attributes: Vec<Attribute> = vec![("shop.queue.depth", rng.between(0, 40).into())];
    Event {
        source,
        time,
        record: Record::Log(Log {
            event_name: None,
            severity: Severity::Info,
            body: Some("worker is alive".into()),
            attributes,
            span: None,
        }),
        facts: Facts::default(),
    }
}
