//! Puts prices into statements and descriptions: `{price:r2.gb_month}` is that value of `queries/prices.toml`.

use std::fs;
use std::sync::LazyLock;

const FILE: &str = "../../queries/prices.toml";
const BEGIN: &str = "{price:";

static PRICES: LazyLock<Result<toml::Table, String>> = LazyLock::new(|| {
    let text = fs::read_to_string(FILE).map_err(|error| error.to_string())?;
    text.parse().map_err(|error: toml::de::Error| error.to_string())
});

/// Returns the text with the prices in it.
///
/// # Errors
/// A sentence if there is no such price.
pub fn insert(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("{BEGIN} has no end"))?;
        out += before;
        out += &price(name)?;
        rest = after;
    }
    Ok(out + rest)
}

fn price(name: &str) -> Result<String, String> {
    let prices = PRICES.as_ref().map_err(|fault| format!("prices.toml: {fault}"))?;
    let mut keys = name.split('.');
    let first = keys.next().and_then(|key| prices.get(key));
    let found = keys.fold(first, |value, key| value.and_then(|value| value.get(key)));
    match found {
        Some(toml::Value::String(text)) => Ok(text.clone()),
        // With a point, so that the engine takes it for a Float64.
        Some(toml::Value::Float(number)) => Ok(format!("{number:?}")),
        _ => Err(format!("prices.toml has no text or decimal number {name}")),
    }
}
