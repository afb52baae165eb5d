//! The pages of the storefront, and the ways between them.

use std::borrow::Cow;

use crate::product::{self, Product};
use crate::rng::Rng;

/// A page of the storefront.
#[derive(Clone, Copy)]
pub(crate) enum Page {
    Home,
    Category(&'static str),
    Product(&'static Product),
    Search,
    Blog,
    Cart,
    Checkout,
    Order,
    Account,
}

/// The categories of products. The pictures of `lamps` are far too large, which makes that page slow.
pub(crate) const CATEGORIES: [&str; 4] = ["tea", "coffee", "kitchen", "lamps"];

impl Page {
    /// Returns the first page of a visit.
    pub(crate) fn entry(rng: &mut Rng) -> Self {
        match rng.weighted(&[('h', 38), ('p', 26), ('c', 20), ('b', 11), ('s', 5)]) {
            'h' => Self::Home,
            'p' => Self::Product(product::any(rng)),
            'c' => Self::Category(rng.pick(&CATEGORIES)),
            'b' => Self::Blog,
            _ => Self::Search,
        }
    }

    /// Returns the page after this one, or `None` if the visit ends. The way to cart and checkout is decided in
    /// `visit`.
    pub(crate) fn next(self, rng: &mut Rng) -> Option<Self> {
        let way = match self {
            Self::Home => rng.weighted(&[('c', 34), ('p', 22), ('s', 14), ('a', 4), ('x', 26)]),
            Self::Category(_) => rng.weighted(&[('p', 58), ('c', 12), ('h', 6), ('x', 24)]),
            Self::Product(_) => rng.weighted(&[('p', 24), ('c', 20), ('h', 8), ('x', 48)]),
            Self::Search => rng.weighted(&[('p', 52), ('s', 18), ('x', 30)]),
            Self::Blog => rng.weighted(&[('p', 14), ('h', 12), ('x', 74)]),
            Self::Account => rng.weighted(&[('h', 40), ('x', 60)]),
            Self::Cart | Self::Checkout | Self::Order => rng.weighted(&[('h', 25), ('x', 75)]),
        };
        match way {
            'h' => Some(Self::Home),
            'c' => Some(Self::Category(rng.pick(&CATEGORIES))),
            'p' => Some(Self::Product(product::any(rng))),
            's' => Some(Self::Search),
            'a' => Some(Self::Account),
            _ => None,
        }
    }

    /// Returns the path in the browser's address bar.
    pub(crate) fn path(self, rng: &mut Rng) -> String {
        match self {
            Self::Category(slug) => format!("/category/{slug}"),
            Self::Product(product) => format!("/product/{}", product.id),
            Self::Blog => format!(
                "/blog/2026-0{}-1{}/brewing",
                rng.between(1, 10),
                rng.between(0, 10)
            ),
            Self::Order => format!("/order/{}", rng.uuid()),
            fixed => fixed.route().into_owned(),
        }
    }

    /// Returns the path with its variable parts replaced.
    pub(crate) fn route(self) -> Cow<'static, str> {
        match self {
            Self::Home => "/".into(),
            Self::Category(slug) => format!("/category/{slug}").into(),
            Self::Product(_) => "/product/:id".into(),
            Self::Search => "/search".into(),
            Self::Blog => "/blog/:id/brewing".into(),
            Self::Cart => "/cart".into(),
            Self::Checkout => "/checkout".into(),
            Self::Order => "/order/:id".into(),
            Self::Account => "/account".into(),
        }
    }

    /// Returns the title of the document.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Home => "Teehaus – tea, coffee & light".into(),
            Self::Category(slug) => format!("{slug} – Teehaus"),
            Self::Product(product) => format!("{} – Teehaus", product.name),
            _ => "Teehaus".into(),
        }
    }

    /// Returns the median of the Largest Contentful Paint, in milliseconds.
    pub(crate) fn lcp(self) -> f64 {
        match self {
            Self::Category("lamps") => 5_200.0,
            Self::Category(_) | Self::Product(_) => 1_900.0,
            _ => 1_400.0,
        }
    }
}
