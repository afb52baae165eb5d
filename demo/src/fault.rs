//! The faults of the shop, each of which causes one group of errors.

use crate::product::Product;
use crate::rng::Rng;
use crate::{Attribute, ErrorFact, Service};

/// A fault of the shop. All errors of one fault belong to one error group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A release breaks product pages, which read a field that the API no longer sends.
    PriceGone,
    /// A page that was open during a release requests a script that no longer exists.
    ChunkGone,
    /// The network fails during a request of the page.
    Offline,
    /// The search box calls itself without end.
    SearchLoop,
    /// The stock of a product is below zero: an old fault that returns.
    StockBelowZero,
    /// The search waits too long for a database connection.
    PoolTimedOut,
    /// The bank refuses a card.
    CardDeclined,
    /// The bank does not answer. The error record has no type.
    SettlementLate,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::PriceGone,
        Self::ChunkGone,
        Self::Offline,
        Self::SearchLoop,
        Self::StockBelowZero,
        Self::PoolTimedOut,
        Self::CardDeclined,
        Self::SettlementLate,
    ];

    /// Returns the `exception.type`, or `untyped` if the record has none.
    pub const fn error_type(self) -> &'static str {
        match self {
            Self::PriceGone => "TypeError",
            Self::ChunkGone => "ChunkLoadError",
            Self::Offline => "NetworkError",
            Self::SearchLoop => "RangeError",
            Self::StockBelowZero => "inventory::StockMismatch",
            Self::PoolTimedOut => "sqlx::PoolTimedOut",
            Self::CardDeclined => "CardDeclined",
            Self::SettlementLate => "untyped",
        }
    }

    /// Returns the service in which the fault happens.
    pub const fn service(self) -> Service {
        match self {
            Self::PriceGone | Self::ChunkGone | Self::Offline | Self::SearchLoop => Service::Storefront,
            Self::StockBelowZero | Self::PoolTimedOut => Service::ShopApi,
            Self::CardDeclined | Self::SettlementLate => Service::Payments,
        }
    }

    /// Returns the `exception.stacktrace`, with the same frames for every error. Faults without stack traces return
    /// `None`.
    pub const fn stacktrace(self) -> Option<&'static str> {
        match self {
            Self::PriceGone => Some(
                "TypeError: Cannot read properties of undefined (reading 'price')\n    at priceOf \
                 (https://shop.example/assets/product-8f3c1d2a.js:14:2201)\n    at renderProduct \
                 (https://shop.example/assets/product-8f3c1d2a.js:31:877)",
            ),
            Self::SearchLoop => Some(
                "RangeError: Maximum call stack size exceeded\n    at suggest \
                 (https://shop.example/assets/search-51b0c9e7.js:8:120)\n    at onInput \
                 (https://shop.example/assets/search-51b0c9e7.js:9:44)",
            ),
            Self::StockBelowZero => {
                Some("   0: shop_api::inventory::reserve\n   1: shop_api::routes::product::show")
            }
            _ => None,
        }
    }

    /// Returns an error of this fault with a message of its own.
    pub(crate) fn happen(self, rng: &mut Rng, product: Option<&Product>) -> ErrorFact {
        let message = match self {
            Self::PriceGone => "Cannot read properties of undefined (reading 'price')".into(),
            Self::ChunkGone => format!(
                "Loading chunk {} failed. (https://shop.example/assets/chunk-{:08x}.js)",
                rng.between(1, 90),
                rng.between(0x1000_0000, 0xffff_ffff)
            ),
            Self::Offline => "The network connection was lost.".into(),
            Self::SearchLoop => "Maximum call stack size exceeded".into(),
            Self::StockBelowZero => {
                format!(
                    "stock of \"{}\" is {}",
                    product.map_or("", |it| it.name),
                    -rng.between(1, 40)
                )
            }
            Self::PoolTimedOut => "pool timed out while waiting for an open connection".into(),
            Self::CardDeclined => format!("card declined for order {}: insufficient funds", rng.uuid()),
            Self::SettlementLate => format!("settlement is late by {} minutes", rng.between(31, 240)),
        };
        ErrorFact { fault: self, message }
    }
}

impl ErrorFact {
    /// Returns the `exception.*` attributes of the error.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        let mut attributes = vec![
            ("exception.type", self.fault.error_type().into()),
            ("exception.message", self.message.clone().into()),
        ];
        if let Some(stacktrace) = self.fault.stacktrace() {
            attributes.push(("exception.stacktrace", stacktrace.into()));
        }
        attributes
    }
}
