//! The keys of senders that have a name.

use std::collections::BTreeMap;

use lakefront_otlp::{KeyBudgets, KeyOrigins};
use serde::Deserialize;

use super::{Config, Landing, Senders};
use crate::error::{Error, Result};

/// The most keys with names.
const MOST: usize = 50;

/// The rules for a key.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Key {
    /// The origins whose pages may use the key. Without one it may be used from everywhere.
    pub origins: Vec<String>,
    /// The bytes of bodies, after decompression, that the key may send in a day of UTC, such as `2GiB`.
    pub daily_budget: Option<String>,
}

impl Config {
    /// Returns the keys that have a name.
    pub fn keys(&self) -> &BTreeMap<String, Key> {
        static NONE: BTreeMap<String, Key> = BTreeMap::new();
        match &self.landing {
            Landing::Pipelines { keys, .. } => keys,
            Landing::Ingest { .. } => &NONE,
        }
    }

    /// Returns the names of the keys, separated by commas, as [`KEY_NAMES`] has them.
    pub fn key_names(&self) -> String {
        self.keys().keys().cloned().collect::<Vec<_>>().join(",")
    }

    /// Returns the Worker's variables about keys, with their values.
    pub fn key_variables(&self) -> Vec<(&'static str, String)> {
        let keys = self.keys();
        let origins = keys.iter().flat_map(|(name, key)| {
            let origins = key.origins.iter();
            origins.map(move |origin| format!("{name}={origin}"))
        });
        let budgets = keys.iter().filter_map(|(name, key)| {
            let budget = key.daily_budget.as_ref()?;
            Some(format!("{name}={budget}"))
        });
        [
            ("INGEST_KEY_ORIGINS", origins.collect::<Vec<_>>().join(",")),
            ("INGEST_KEY_BUDGETS", budgets.collect::<Vec<_>>().join(",")),
            (KEY_NAMES, self.key_names()),
        ]
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .collect()
    }
}

/// The variable of the Worker with the names of the keys in its secret `INGEST_KEYS`. The Worker does not read it: no API returns the
/// value of a secret, so that the next plan compares these names.
pub const KEY_NAMES: &str = "INGEST_KEY_NAMES";

/// Checks the keys.
///
/// # Errors
/// Returns an error about the first value that is not valid.
pub(super) fn check(config: &Config) -> Result<()> {
    let Landing::Pipelines { senders, keys } = &config.landing else {
        return Ok(());
    };
    if *senders == Senders::Open && !keys.is_empty() {
        return Err(Error::value(
            "landing.keys",
            "expected none with senders = \"open\", which asks for no key",
        ));
    }
    if keys.len() > MOST {
        return Err(Error::value(
            "landing.keys",
            format!("expected at most {MOST} keys"),
        ));
    }
    for (name, key) in keys {
        let at = format!("landing.keys.{name}");
        super::checks::name(&at, name, 1, 40)?;
        for origin in &key.origins {
            if origin.contains(',') || format!("{name}={origin}").parse::<KeyOrigins>().is_err() {
                let problem = format!("{origin:?} is no origin; expected one such as https://shop.example");
                return Err(Error::value(format!("{at}.origins"), problem));
            }
        }
        if let Some(budget) = &key.daily_budget
            && (budget.contains(',') || format!("{name}={budget}").parse::<KeyBudgets>().is_err())
        {
            let problem = format!("{budget:?} is no size; expected one such as 2GiB");
            return Err(Error::value(format!("{at}.daily_budget"), problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keys: &str) -> Result<Config> {
        let text = include_str!("../../examples/tier-1.toml");
        Config::parse(
            "lakefront.toml",
            &text.replace("[access]", &format!("{keys}\n[access]")),
        )
    }

    #[test]
    fn rules_become_variables() {
        let config = with(
            "[landing.keys.shop]\norigins = [\"https://a.example\", \"https://b.example\"]\ndaily_budget = \"2GiB\"\n[landing.keys.back]",
        );
        let expected = [
            (
                "INGEST_KEY_ORIGINS",
                "shop=https://a.example,shop=https://b.example",
            ),
            ("INGEST_KEY_BUDGETS", "shop=2GiB"),
            ("INGEST_KEY_NAMES", "back,shop"),
        ];
        let variables = config.unwrap().key_variables();
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(variables, expected);
        assert!(with("").unwrap().key_variables().is_empty());
    }

    #[test]
    fn a_rule_that_is_none_is_refused() {
        for (keys, expected) in [
            (
                "[landing.keys.shop]\norigins = [\"shop.example\"]",
                "https://shop.example",
            ),
            (
                "[landing.keys.shop]\norigins = [\"https://a,https://b\"]",
                "origins",
            ),
            ("[landing.keys.shop]\ndaily_budget = \"much\"", "2GiB"),
            ("[landing.keys.\"a=b\"]", "landing.keys"),
            ("[landing.keys.shop]\nbudget = \"1kB\"", "daily_budget"),
        ] {
            let problem = with(keys).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
