//! The products of the shop.

use crate::rng::Rng;

/// A product of the shop.
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    pub(crate) cents: i64,
}

const fn product(id: u32, name: &'static str, cents: i64) -> Product {
    Product { id, name, cents }
}

/// The products. Their names have the characters of several scripts, as people write them.
static PRODUCTS: [Product; 16] = [
    product(1001, "Sencha 煎茶 100 g", 1_290),
    product(1002, "Earl Grey", 790),
    product(1003, "Grüner Tee „Frühling“", 990),
    product(1004, "Café de Colombia", 1_150),
    product(1005, "Crème-brûlée-Brenner", 2_490),
    product(1006, "Жасминовый чай", 1_090),
    product(1007, "チャワン抹茶碗", 4_800),
    product(1008, "Teapot, cast iron", 5_990),
    product(1009, "Lampe „Glühwürmchen“", 8_900),
    product(1010, "Desk lamp", 6_450),
    product(1011, "Mug – blue", 1_250),
    product(1012, "Kettle, 1.7 l", 3_990),
    product(1013, "ชาเย็นไทย", 850),
    product(1014, "Φλιτζάνι του καφέ", 1_400),
    product(1015, "Hand grinder ☕", 4_250),
    product(1016, "Gift card", 2_500),
];

/// Returns a random product.
pub(crate) fn any(rng: &mut Rng) -> &'static Product {
    &PRODUCTS[rng.between(0, PRODUCTS.len() as i64) as usize]
}
