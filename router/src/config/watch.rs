//! The configuration of watching.

use lakefront_api::Thresholds;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::error::ConfigError;

/// The name of the variable with the address of the webhook.
const WEBHOOK: &str = "WATCH_WEBHOOK";

/// What counts as a problem, and who is told.
#[derive(Debug, Clone)]
pub struct Watch {
    /// `WATCH`: the thresholds that differ from the defaults, as JSON.
    pub thresholds: Thresholds,
    /// `WATCH_WEBHOOK`: the address that is told of problems. It is a secret: who knows it may write there.
    pub webhook: Option<SecretString>,
}

/// Reads the configuration. `text` returns the text of a variable that is set.
///
/// # Errors
/// Returns an error that names the variable if a value is not valid.
pub fn watch(text: &impl Fn(&'static str) -> Option<String>) -> Result<Watch, ConfigError> {
    let thresholds = text("WATCH").unwrap_or_else(|| "{}".into());
    let webhook = text(WEBHOOK).map(SecretString::from);
    if let Some(webhook) = &webhook {
        let url = Url::parse(webhook.expose_secret()).ok();
        let is_address = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_address {
            return Err(ConfigError::Webhook { name: WEBHOOK });
        }
    }
    Ok(Watch {
        thresholds: Thresholds::read(&thresholds).map_err(ConfigError::Watch)?,
        webhook,
    })
}
