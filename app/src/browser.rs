//! What only a browser can tell. On the server these functions are compiled and never called: effects and events
//! do not run there.

use js_sys::{Array, Intl::DateTimeFormat, JsString, Object, Reflect};
use leptos::prelude::document;

/// The IANA name of the browser's time zone.
pub fn time_zone() -> Option<String> {
    let options = DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Remembers a preference for a year, where the server sees it too.
pub fn remember(name: &str, value: &str) {
    let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax");
    // A browser without cookies forgets; nothing else depends on it.
    let _ = Reflect::set(&document(), &"cookie".into(), &JsString::from(cookie));
}

/// Marks the document as one that reacts: what scripts and tests wait for.
pub fn mark_interactive() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-interactive", "");
    }
}
