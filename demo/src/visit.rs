//! Visits: the events that a visitor causes, from the first page to the last.

use crate::backend;
use crate::fault::Fault;
use crate::page::Page;
use crate::person::Person;
use crate::product::Product;
use crate::rng::Rng;
use crate::shop::Shop;
use crate::visitor::Visitor;
use crate::{Attribute, Event, Facts, Log, Record, SECOND, Service, Severity};

/// A page that links to the shop.
#[derive(Clone, Copy)]
struct Referrer {
    url: &'static str,
    host: &'static str,
    /// The query string of the link, with the source and the campaign that it names.
    campaign: Option<(&'static str, &'static str, &'static str)>,
}

const fn referrer(url: &'static str, host: &'static str) -> Option<Referrer> {
    Some(Referrer {
        url,
        host,
        campaign: None,
    })
}

const INSTAGRAM: Option<Referrer> = Some(Referrer {
    url: "https://www.instagram.com/",
    host: "www.instagram.com",
    campaign: Some((
        "utm_source=instagram&utm_medium=social&utm_campaign=fr%C3%BChling",
        "instagram",
        "frühling",
    )),
});

/// The referrers of visits, with weights.
const REFERRERS: [(Option<Referrer>, u32); 5] = [
    (None, 46),
    (referrer("https://www.google.com/", "www.google.com"), 34),
    (referrer("https://duckduckgo.com/", "duckduckgo.com"), 6),
    (INSTAGRAM, 9),
    (
        referrer("https://tee-blog.example/empfehlungen", "tee-blog.example"),
        5,
    ),
];

/// Adds all events of a visit that begins at `time`.
pub(crate) fn visit(shop: &Shop, rng: &mut Rng, time: i64, into: &mut Vec<Event>) {
    let person = Person::arriving(shop.seed(), rng);
    let visitor = Visitor {
        shop,
        person: &person,
        session: rng.uuid(),
        loaded: shop.version(Service::Storefront, time),
    };
    let mut walk = Walk {
        visitor: &visitor,
        rng,
        time,
        first: true,
        into,
    };
    if person.bot {
        return walk.crawl();
    }
    let mut page = Page::entry(walk.rng);
    // A visit has at most this number of pages.
    for _ in 0..40 {
        walk.open(page);
        if let Page::Product(product) = page
            && walk.buy(product)
        {
            return;
        }
        match page.next(walk.rng) {
            Some(next) => page = next,
            None => return,
        }
    }
}

/// A visit in progress.
struct Walk<'a> {
    visitor: &'a Visitor<'a>,
    rng: &'a mut Rng,
    time: i64,
    first: bool,
    into: &'a mut Vec<Event>,
}

impl Walk<'_> {
    /// Adds the visit of a robot, which reads a few pages quickly.
    fn crawl(&mut self) {
        for _ in 0..self.rng.between(1, 9) {
            let page = Page::entry(self.rng);
            let path = page.path(self.rng);
            self.view(page, &path);
            self.time += self.rng.between(1, 4) * SECOND;
        }
    }

    /// Adds the events of a page: the view, the API request, the web vitals and the errors. Advances the time by the
    /// stay on the page.
    fn open(&mut self, page: Page) {
        let path = page.path(self.rng);
        self.view(page, &path);
        let asked = self.time + self.rng.between(80_000, 300_000);
        let cause = backend::serve(self.rng, self.visitor, page, asked, self.into);
        if matches!(page, Page::Order) {
            backend::charge(self.rng, self.visitor, cause, asked + 60_000, self.into);
        }
        self.vitals(page, &path);
        self.faults(page, &path);
        if let Page::Product(product) = page {
            self.step(2, "shop.product_viewed", page, &path, Some(product));
        }
        self.first = false;
        self.time += self.rng.skewed(19.0, 0.8).min(150.0) as i64 * SECOND + self.rng.between(0, SECOND);
    }

    fn view(&mut self, page: Page, path: &str) {
        let mut url = format!("https://shop.example{path}");
        let mut more: Vec<Attribute> = Vec::new();
        let mut from = None;
        // The load of a document is a page view. A change of route within it is a navigation.
        let event_name = if self.first {
            from = self.rng.weighted(&REFERRERS);
            if let Some(referrer) = from {
                more.push(("browser.document.referrer", referrer.url.into()));
                if let Some((query, ..)) = referrer.campaign {
                    url = format!("{url}?{query}");
                }
            }
            "browser.page_view"
        } else {
            more.push(("browser.navigation.same_document", true.into()));
            more.push(("browser.navigation.hash_change", false.into()));
            more.push(("browser.navigation.type", "push".into()));
            "browser.navigation"
        };
        let mut attributes = self.document(path);
        attributes.push(("url.full", url.into()));
        attributes.push(("url.path", path.to_owned().into()));
        attributes.push(("browser.document.title", page.title().into()));
        attributes.extend(more);
        self.log(
            Some(event_name),
            attributes,
            Facts {
                page: page.route(),
                view: true,
                source: from.map_or("", |from| {
                    from.campaign.map_or(from.host, |(_, source, _)| source)
                }),
                campaign: from.and_then(|from| from.campaign).map_or("", |(.., name)| name),
                ..Facts::default()
            },
        );

        // A jump within the page is a navigation too, but no page view.
        if matches!(page, Page::Blog) && self.rng.chance(0.4) {
            self.time += 3 * SECOND;
            let mut attributes = self.document(path);
            attributes.push(("url.full", format!("https://shop.example{path}#steps").into()));
            attributes.push(("browser.navigation.same_document", true.into()));
            attributes.push(("browser.navigation.hash_change", true.into()));
            self.log(
                Some("browser.navigation"),
                attributes,
                Facts {
                    page: page.route(),
                    ..Facts::default()
                },
            );
        }
    }

    fn vitals(&mut self, page: Page, path: &str) {
        if !self.first {
            return;
        }
        let lcp = self.rng.skewed(page.lcp(), 0.4);
        let measured = [
            ("ttfb", self.rng.skewed(210.0, 0.5), 0.2),
            ("fcp", self.rng.skewed(950.0, 0.4), 1.0),
            ("lcp", lcp, 5.5),
            ("cls", self.rng.skewed(0.03, 0.9), 6.0),
            ("inp", self.rng.skewed(110.0, 0.6), 7.0),
        ];
        let opened = self.time;
        for (name, value, after) in measured {
            // Browsers report three decimals.
            let value = (value * 1e3).round() / 1e3;
            self.time = opened + (after * SECOND as f64) as i64 + self.rng.between(0, 90_000);
            let mut attributes = self.document(path);
            attributes.push(("browser.web_vital.name", name.into()));
            attributes.push(("browser.web_vital.value", value.into()));
            self.log(
                Some("browser.web_vital"),
                attributes,
                Facts {
                    page: page.route(),
                    vital: Some((name, value)),
                    ..Facts::default()
                },
            );
        }
    }

    fn faults(&mut self, page: Page, path: &str) {
        let broken = self.visitor.loaded == Shop::BROKEN;
        let fault = match page {
            Page::Product(_) if broken && self.rng.chance(0.35) => Fault::PriceGone,
            Page::Search if self.rng.chance(0.03) => Fault::SearchLoop,
            _ if self.rng.chance(0.004) => Fault::ChunkGone,
            _ if self.rng.chance(0.004) => Fault::Offline,
            _ => return,
        };
        self.time += self.rng.between(50_000, 900_000);
        let error = fault.happen(self.rng, None);
        let mut attributes = self.document(path);
        attributes.extend(error.attributes());
        let facts = Facts {
            page: page.route(),
            error: Some(error),
            ..Facts::default()
        };
        let record = self.record(Some("exception"), Severity::Error, attributes);
        self.into
            .push(self.visitor.event(Service::Storefront, self.time, record, facts));
    }

    /// Adds the way from a product page to the order, as far as the visitor goes. Returns true if the visit ends there.
    fn buy(&mut self, product: &'static Product) -> bool {
        // Fewer people buy a product without a price.
        let wanted = if self.visitor.loaded == Shop::BROKEN {
            0.10
        } else {
            0.17
        };
        if !self.rng.chance(wanted) {
            return false;
        }
        self.step(
            3,
            "shop.cart_added",
            Page::Product(product),
            &format!("/product/{}", product.id),
            Some(product),
        );
        self.time += 2 * SECOND;
        self.open(Page::Cart);
        if !self.rng.chance(0.6) {
            return self.rng.chance(0.5);
        }
        self.open(Page::Checkout);
        self.step(4, "shop.checkout_started", Page::Checkout, "/checkout", None);
        self.time += self.rng.between(20, 200) * SECOND;
        if self.rng.chance(0.72) {
            self.step(5, "shop.order_placed", Page::Checkout, "/checkout", Some(product));
            self.time += SECOND;
            self.open(Page::Order);
        }
        true
    }

    fn step(
        &mut self,
        step: u8,
        name: &'static str,
        page: Page,
        path: &str,
        product: Option<&'static Product>,
    ) {
        self.time += self.rng.between(10_000, 2_000_000);
        let mut attributes = self.document(path);
        if let Some(product) = product {
            attributes.push(("shop.product.id", i64::from(product.id).into()));
            attributes.push(("shop.product.name", product.name.into()));
            attributes.push(("shop.price", (product.cents as f64 / 100.0).into()));
        }
        self.log(
            Some(name),
            attributes,
            Facts {
                page: page.route(),
                step: Some(step),
                ..Facts::default()
            },
        );
    }

    /// Returns the attributes of every record of a page.
    fn document(&self, path: &str) -> Vec<Attribute> {
        self.visitor.identity(vec![(
            "browser.document.url.full",
            format!("https://shop.example{path}").into(),
        )])
    }

    fn record(
        &self,
        event_name: Option<&'static str>,
        severity: Severity,
        attributes: Vec<Attribute>,
    ) -> Record {
        Record::Log(Log {
            event_name,
            severity,
            body: None,
            attributes,
            span: None,
        })
    }

    fn log(&mut self, event_name: Option<&'static str>, attributes: Vec<Attribute>, facts: Facts) {
        let record = self.record(event_name, Severity::Info, attributes);
        self.into
            .push(self.visitor.event(Service::Storefront, self.time, record, facts));
    }
}
