//! The addresses of servers in the configuration.

use url::Url;

/// Parses the base address of a server.
///
/// # Errors
/// Returns the reason why the text is not one.
pub fn parse(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a password".into());
    }
    // Paths are joined to the address, and joining replaces the part after the last slash.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}
